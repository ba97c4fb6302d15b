package faults_test

import (
	"context"
	"sync"
	"syscall"
	"testing"
	"time"

	"quartet/internal/timed"
)

// TestTimedFresh: an instance is stopped before it is asked for the first time. The first requests of a link are not run late,
// either.
func TestTimedFresh(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w world) {
		m := unmet(t, w, 1, plan{})
		m.NoErr(m.client.Ready(t.Context(), svc))
		pass(200 * time.Millisecond) // it has heard hello, too
		worst := timed.Stalls()
		m.all[0].signal(syscall.SIGSTOP)
		var calls sync.WaitGroup
		for range 50 {
			calls.Go(func() { m.book.call(context.Background(), m.client, ask{timeout: callTime}) })
		}
		calls.Wait()
		pass(time.Second)
		m.all[0].signal(syscall.SIGCONT)
		m.meets(m.all[0])
		m.settle()
		m.Equal(m.book.problems(overrun+worst()), nil)
	})
}
