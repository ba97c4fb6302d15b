package service_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/matryer/is"
	"golang.org/x/sync/errgroup"

	"quartet/handler"
	"quartet/service"
	"quartet/service/servicetest"
)

// spread makes n calls with 32 callers of three equal instances of 5 ms; each shall get its third, give or take some
// percent.
func spread(t *testing.T, addr service.Addr, n, percent int) {
	t.Helper()
	is := is.New(t)
	l := newLedger()
	c := newClient(t, addr)
	var executed [3]atomic.Int32
	for i := range executed {
		newServer(t, l.work(func(context.Context) error {
			executed[i].Add(1)
			<-time.After(5 * time.Millisecond)
			return nil
		}), addr)
	}
	await(t, "all are there", func() bool { return c.Instances(svc) == 3 })
	var left atomic.Int64
	left.Store(int64(n))
	var callers errgroup.Group
	for range 32 {
		callers.Go(func() error {
			for left.Add(-1) >= 0 {
				if err := l.call(context.Background(), c); err != nil {
					return err
				}
			}
			return nil
		})
	}
	is.NoErr(callers.Wait())
	is.Equal(l.problems(), nil)                                    // none doubled, none crossed
	is.Equal(l.total(func(e *entry) int { return e.executed }), n) // every one executed
	is.Equal(l.total(func(e *entry) int { return e.answered }), n) // and answered
	for i := range executed {
		share := int(executed[i].Load())
		t.Logf("instance %d: %d of %d", i, share, n)
		is.True(share >= n*(100-percent)/300) // not too few
		is.True(share <= n*(100+percent)/300) // not too many
	}
}

// TestSpread is TestTimedBalance for the race detector, which makes the handlers unequal.
func TestSpread(t *testing.T) {
	t.Parallel()
	for _, w := range worlds {
		if !w.serviceBinds { // one address for all three
			t.Run(w.name, func(t *testing.T) {
				t.Parallel()
				spread(t, w.addr(t), 3000, 25)
			})
		}
	}
}

// TestNewInstanceGetsLoad: whoever comes is asked at once.
func TestNewInstanceGetsLoad(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	addr := servicetest.Addr()
	c := newClient(t, addr)
	var executed [2]atomic.Int32
	count := func(n int) handler.Handler {
		return handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) {
			executed[n].Add(1)
			<-time.After(time.Millisecond)
			return &handler.Response{}, nil
		})
	}
	newServer(t, count(0), addr)
	ready(t, c)
	stop := load(8, func() error {
		_, err := c.Call(context.Background(), svc, &handler.Request{Path: "/"})
		return err
	})
	await(t, "the first works", func() bool { return executed[0].Load() > 100 })
	newServer(t, count(1), addr)
	await(t, "the second works as well", func() bool { return executed[1].Load() > 200 })
	is.Equal(stop(), nil)
}
