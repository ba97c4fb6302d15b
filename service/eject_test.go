package service_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/service"
	"quartet/service/servicetest"
)

// moody is a handler that takes 10 ms, counts, and fails as long as it is told to.
type moody struct {
	status atomic.Int32
	calls  atomic.Int32
}

func (m *moody) Serve(context.Context, *handler.Request) (*handler.Response, error) {
	m.calls.Add(1)
	time.Sleep(10 * time.Millisecond) // in a bubble
	if status := int(m.status.Load()); status != 0 {
		return nil, handler.Errorf(status, "moody")
	}
	return handler.Text("well"), nil
}

// pairs makes n pairs of calls at once, so that both of two instances are asked, and counts the failures.
func pairs(c *service.Client, n int, o ...service.CallOption) (failures int) {
	for range n {
		var failed atomic.Int32
		var wait sync.WaitGroup
		for range 2 {
			wait.Go(func() {
				reply, err := c.Call(context.Background(), svc, &handler.Request{Path: "/"}, o...)
				if err != nil || reply.AsError() != nil {
					failed.Add(1)
				}
			})
		}
		wait.Wait()
		failures += int(failed.Load())
	}
	return failures
}

func TestFailingInstanceIsPassedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		addr := servicetest.Addr()
		c := newClient(t, addr)
		sick, well := new(moody), new(moody)
		sick.status.Store(500)
		newServer(t, sick, addr)
		newServer(t, well, addr)
		synctest.Wait()

		is.Equal(pairs(c, 20), 5)             // as many as it takes
		is.Equal(sick.calls.Load(), int32(5)) // and no more are sent there
		time.Sleep(10 * time.Second)
		is.Equal(pairs(c, 20), 1) // one tries
		is.Equal(sick.calls.Load(), int32(6))
		time.Sleep(10 * time.Second)
		sick.status.Store(0)
		is.Equal(pairs(c, 20), 0)
		is.True(sick.calls.Load() > 20) // it is one of two again
	})
}

// TestAllFailing: when all fail none is passed over, and a single instance never is.
func TestAllFailing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		addr := servicetest.Addr()
		c := newClient(t, addr)
		a, b := new(moody), new(moody)
		a.status.Store(503)
		b.status.Store(503)
		newServer(t, a, addr)
		is.Equal(pairs(c, 10), 20)
		is.Equal(a.calls.Load(), int32(20))
		newServer(t, b, addr)
		synctest.Wait()
		is.Equal(pairs(c, 50), 100)
		is.True(b.calls.Load() >= 48 && b.calls.Load() <= 52) // an equal share, but for calls that end in the same instant
	})
}

// TestSilentInstanceIsPassedOver: answers that do not come in time are failures, too, and a second of them is enough.
func TestSilentInstanceIsPassedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		addr := servicetest.Addr()
		c := newClient(t, addr)
		var asked atomic.Int32
		newServer(t, handler.Func(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
			asked.Add(1)
			<-ctx.Done()
			return nil, ctx.Err()
		}), addr)
		newServer(t, new(moody), addr)
		synctest.Wait()
		is.Equal(pairs(c, 10, service.WithTimeout(600*time.Millisecond)), 3) // at 0.6, 1.2 and 1.8 s
		is.Equal(asked.Load(), int32(3))
	})
}

// TestRetryOfFailures: a call that is declared idempotent has a second chance elsewhere; one that is not has none.
func TestRetryOfFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		addr := servicetest.Addr()
		c := newClient(t, addr)
		sick, well := new(moody), new(moody)
		sick.status.Store(502)
		newServer(t, sick, addr)
		newServer(t, well, addr)
		synctest.Wait()
		is.Equal(pairs(c, 20, service.WithIdempotent()), 0) // each has an answer
		is.Equal(sick.calls.Load(), int32(5))
		is.Equal(c.Stats().Retries, uint64(5))
		sick.status.Store(404)
		time.Sleep(10 * time.Second)
		is.Equal(pairs(c, 1, service.WithIdempotent()), 1) // an answer that says no is one
		is.Equal(c.Stats().Retries, uint64(5))
	})
}

// TestRetryBudget: when everything fails, further attempts are a fifth of the calls, and a few.
func TestRetryBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		addr := servicetest.Addr()
		c := newClient(t, addr)
		a, b := new(moody), new(moody)
		a.status.Store(503)
		b.status.Store(503)
		newServer(t, a, addr)
		newServer(t, b, addr)
		synctest.Wait()
		is.Equal(pairs(c, 500, service.WithIdempotent()), 1000) // all fail
		attempts := a.calls.Load() + b.calls.Load()
		is.True(attempts > 1150 && attempts <= 1210) // a fifth more, and ten
	})
}

// TestLastAnswerCounts: where no other instance takes a further attempt, the answer that was there is the answer.
func TestLastAnswerCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		addr := servicetest.Addr()
		c := newClient(t, addr)
		only := new(moody)
		only.status.Store(503)
		newServer(t, only, addr)
		synctest.Wait()
		reply, err := c.Call(t.Context(), svc, &handler.Request{Path: "/"}, service.WithIdempotent())
		is.NoErr(err)
		is.Equal(reply.Reason, "moody")
		is.Equal(only.calls.Load(), int32(1))
		is.Equal(c.Leftovers(), nil)
	})
}

// TestNoLineWithoutHope: when the line for a window is longer than it moves in the time that a call has, the next is
// refused at once, and not after a wait.
func TestNoLineWithoutHope(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		addr := servicetest.Addr()
		c := newClient(t, addr)
		newServer(t, new(moody), addr, service.WithWindow(10, 1<<20)) // 1,000 calls a second
		synctest.Wait()
		var late, refused, served atomic.Int32
		var wait sync.WaitGroup
		for range 2000 {
			time.Sleep(400 * time.Microsecond) // 2,500 calls a second
			wait.Go(func() {
				began := time.Now()
				_, err := c.Call(context.Background(), svc, &handler.Request{Path: "/"})
				switch {
				case err == nil:
					served.Add(1)
				case !errors.Is(err, service.ErrRejected):
					t.Error(err)
				case time.Since(began) > 20*time.Millisecond:
					late.Add(1)
				}
				if err != nil {
					refused.Add(1)
				}
			})
		}
		wait.Wait()
		is.True(served.Load() > 780)             // of 800 that could be
		is.True(refused.Load() > 1000)           // the excess
		is.True(late.Load() < refused.Load()/20) // nearly all of them at once
	})
}
