package demos_test

import (
	"testing"
	"time"

	"github.com/matryer/is"
)

// TestTimedPages asks for 200 pages at once: one instance works for them all side by side.
func TestTimedPages(t *testing.T) {
	is := is.New(t)
	shared := sockets(t)
	_, v := startApp(t, shared)
	start(t, "service", shared...)
	v.await(t, "/readyz", 200)

	stall := watchStalls(t)
	var answers [200]<-chan page
	for i := range answers {
		answers[i] = ask(v, "/service/sync?delay=1s")
	}
	var slowest time.Duration
	for _, answer := range answers {
		p := <-answer
		is.Equal(p.Status, 200)
		slowest = max(slowest, p.Took)
	}
	limit := 2*time.Second + stall()
	t.Logf("the slowest of %d pages took %v, the limit is %v", len(answers), slowest, limit)
	is.True(slowest <= limit) // nobody waited for somebody else's second
}

// watchStalls starts a clock that ticks each millisecond; the function returned stops it and gives its longest delay,
// which is what this machine, and not the code under test, kept everybody waiting.
func watchStalls(t *testing.T) (worst func() time.Duration) {
	t.Helper()
	stop, result := make(chan struct{}), make(chan time.Duration)
	go func() {
		var longest time.Duration
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for last := time.Now(); ; {
			select {
			case <-tick.C:
				longest = max(longest, time.Since(last)-time.Millisecond)
				last = time.Now()
			case <-stop:
				result <- longest
				return
			}
		}
	}()
	return func() time.Duration { close(stop); return <-result }
}
