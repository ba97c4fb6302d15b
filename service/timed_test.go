package service_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/matryer/is"
	"golang.org/x/sync/errgroup"

	"quartet/handler"
	"quartet/internal/timed"
	"quartet/service"
	"quartet/service/servicetest"
)

// The tests of this file judge time. They run without -race, one after another.

// ipcPair is a client and a server as they are in production, on one machine.
func ipcPair(t *testing.T, h handler.Handler, o ...service.ServerOption) (*service.Client, *service.Server) {
	t.Helper()
	addr := world{ipc: true}.addr(t)
	c := newClient(t, addr)
	s := newServer(t, h, addr, o...)
	ready(t, c)
	return c, s
}

func naps(d time.Duration) handler.Handler {
	return handler.Func(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
		select {
		case <-time.After(d):
			return &handler.Response{}, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	})
}

// TestTimedRefusal: what an instance cannot take is refused in milliseconds.
func TestTimedRefusal(t *testing.T) {
	is := is.New(t)
	c, s := ipcPair(t, naps(50*time.Millisecond), service.WithConcurrency(4), service.WithBacklog(0))
	busy := load(4, func() error {
		_, err := c.Call(context.Background(), svc, &handler.Request{Path: "/"})
		if errors.Is(err, service.ErrRejected) { // one of the tries below was faster
			return nil
		}
		return err
	})
	await(t, "all handlers are busy", func() bool { return s.Stats().Running == 4 })
	p95(t, 200, 10*time.Millisecond, func() time.Duration {
		for {
			began := time.Now()
			_, err := c.Call(context.Background(), svc, &handler.Request{Path: "/"})
			if errors.Is(err, service.ErrRejected) {
				return time.Since(began)
			}
			is.NoErr(err) // it found a free handler
		}
	})
	is.Equal(busy(), nil)
}

// TestTimedCancel: a caller that leaves reaches the context of the handler within 50 ms.
func TestTimedCancel(t *testing.T) {
	g := newGate()
	c, _ := ipcPair(t, g)
	p95(t, 100, 50*time.Millisecond, func() time.Duration {
		ctx, cancel := context.WithCancel(context.Background())
		done := ask(ctx, c, "/")
		recv(t, g.entered, "the handler began")
		began := time.Now()
		cancel()
		recv(t, g.ended, "the handler was told")
		tried := time.Since(began)
		recv(t, done, "the caller was told")
		return tried
	})
}

// TestTimedTimeout: a time limit of 200 ms against a handler of 5 s is kept to 30 ms.
func TestTimedTimeout(t *testing.T) {
	is := is.New(t)
	c, _ := ipcPair(t, naps(5*time.Second))
	p95(t, 10, 230*time.Millisecond, func() time.Duration {
		var err error
		d := took(func() {
			_, err = c.Call(context.Background(), svc, &handler.Request{Path: "/"}, service.WithTimeout(200*time.Millisecond))
		})
		failed(is, err, service.ErrTimeout, 504)
		is.True(d >= 200*time.Millisecond) // not too early either
		return d
	})
}

// TestTimedParallelCalls: 200 calls of 1 s at once against one instance are all answered within 2 s.
func TestTimedParallelCalls(t *testing.T) {
	is := is.New(t)
	c, _ := ipcPair(t, naps(time.Second))
	worst := timed.Stalls()
	times := make([]time.Duration, 200)
	var calls errgroup.Group
	for n := range times {
		calls.Go(func() (err error) {
			times[n] = took(func() { _, err = c.Call(context.Background(), svc, &handler.Request{Path: "/"}) })
			return err
		})
	}
	is.NoErr(calls.Wait())
	stall := worst()
	for _, d := range times {
		is.True(d <= 2*time.Second+stall) // all, not only most
	}
	timed.Within(t, "all calls", times, 2*time.Second, stall)
}

// TestTimedLoss: when an instance dies, its callers know within 1 s; when it is back, the first good call is
// answered within 2 s.
func TestTimedLoss(t *testing.T) {
	for _, w := range []world{{name: "app", ipc: true}, {name: "svc", ipc: true, serviceBinds: true}} {
		t.Run(w.name, func(t *testing.T) {
			is := is.New(t)
			addr := w.addr(t)
			g := newGate()
			c := newClient(t, addr)
			i := startInstance(t, g, addr)
			ready(t, c)
			var known, back []time.Duration
			worst := timed.Stalls()
			for range 3 {
				var calls []<-chan result
				for range 20 {
					calls = append(calls, ask(context.Background(), c, "/"))
				}
				for range calls {
					recv(t, g.entered, "the handler began")
				}
				killed := time.Now()
				i.server.AbortApps(errKilled)
				for _, done := range calls {
					failed(is, recv(t, done, "the caller was told").err, service.ErrLost, 502)
				}
				known = append(known, time.Since(killed))
				is.NoErr(i.kill())

				i.h = echo
				i.start()
				started := time.Now()
				_, err := c.Call(context.Background(), svc, &handler.Request{Path: "/"}, service.WithTimeout(10*time.Second))
				is.NoErr(err)
				back = append(back, time.Since(started))
				is.NoErr(i.shutdown())
				i.h = g
				i.start()
				ready(t, c)
			}
			stall := worst()
			timed.Within(t, "callers know", known, time.Second, stall)
			timed.Within(t, "the first good call", back, 2*time.Second, stall)
			g.Open()
			is.NoErr(i.shutdown())
		})
	}
}

// TestTimedBalance: 32 callers, three equal instances of 5 ms, 30,000 calls: 9,000 to 11,000 each.
func TestTimedBalance(t *testing.T) {
	t.Parallel() // it judges shares, and mostly sleeps
	spread(t, world{ipc: true}.addr(t), 30_000, 10)
}

// TestTimedSlowInstance: of 500 calls a second one instance of 200 ms among two of 1 ms gets at most 10 %.
func TestTimedSlowInstance(t *testing.T) {
	t.Parallel() // it judges shares, and mostly sleeps
	is := is.New(t)
	const seconds, rate = 20, 500
	addr := servicetest.Addr()
	c := newClient(t, addr)
	l := newLedger()
	asked := make([]int, 3)
	counts := make(chan int, seconds*rate)
	for n, d := range []time.Duration{200 * time.Millisecond, time.Millisecond, time.Millisecond} {
		newServer(t, l.work(func(context.Context) error {
			counts <- n
			<-time.After(d)
			return nil
		}), addr)
	}
	await(t, "all are there", func() bool { return c.Instances(svc) == 3 })
	var calls errgroup.Group
	began := time.Now()
	for n := range seconds * rate {
		<-time.After(time.Until(began.Add(time.Duration(n) * time.Second / rate)))
		calls.Go(func() error { return l.call(context.Background(), c) })
	}
	is.NoErr(calls.Wait())
	close(counts)
	for n := range counts {
		asked[n]++
	}
	t.Logf("the slow one got %d of %d, the fast ones %d and %d", asked[0], seconds*rate, asked[1], asked[2])
	is.Equal(l.problems(), nil)
	is.True(asked[0] <= seconds*rate/10) // at most 10 %
}
