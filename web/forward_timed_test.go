package web_test

import (
	"context"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/web"
)

// stalls measures the worst stall of a ticker in this process: what the machine itself added to a time.
func stalls() (worst func() time.Duration) {
	const beat = 5 * time.Millisecond
	end, ended := make(chan struct{}), make(chan time.Duration, 1)
	go func() {
		tick := time.NewTicker(beat)
		defer tick.Stop()
		var most time.Duration
		for last := time.Now(); ; {
			select {
			case <-tick.C:
				now := time.Now()
				most = max(most, now.Sub(last)-beat)
				last = now
			case <-end:
				ended <- most
				return
			}
		}
	}()
	return func() time.Duration {
		close(end)
		return <-ended
	}
}

// TestTimedBrowserThatLeavesEndsTheLastHandler goes through Offload, service a, which forwards, to service b.
func TestTimedBrowserThatLeavesEndsTheLastHandler(t *testing.T) {
	is := is.New(t)
	began, ended := make(chan bool, 1), make(chan time.Time, 1)
	c := couple(t, always(forwards("b")), always(handler.Func(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
		began <- true
		<-ctx.Done()
		ended <- time.Now()
		return nil, ctx.Err()
	})))
	w := world{addr: listen(t, web.Offload(c, "a"))}
	worst := stalls()
	var took []time.Duration
	for range 40 {
		conn := w.dial(t)
		_, err := io.WriteString(conn, get("/"))
		is.NoErr(err) // the request is sent
		recv(t, began, "the request")
		left := time.Now()
		is.NoErr(conn.Close())
		took = append(took, recv(t, ended, "the end of the last handler's context").Sub(left))
	}
	slices.Sort(took)
	const limit = 50 * time.Millisecond
	p95, stall := took[(len(took)*95+99)/100-1], worst()
	t.Logf("p50 %v, p95 %v, worst %v; the limit is %v plus a stall of %v", took[len(took)/2], p95, took[len(took)-1], limit, stall)
	is.True(p95 <= limit+stall)
}
