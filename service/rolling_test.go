package service_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/service"
	"quartet/service/servicetest"
)

// instanceOf is a server that a test ends and starts again.
type instanceOf struct {
	t      testing.TB
	h      handler.Handler
	addr   service.Addr
	server *service.Server
	served chan error
}

func startInstance(t testing.TB, h handler.Handler, addr service.Addr) *instanceOf {
	i := &instanceOf{t: t, h: h, addr: addr}
	i.start()
	return i
}

func (i *instanceOf) start() {
	i.server = service.NewServer(svc, i.h, service.WithSecret(secret), service.WithLogger(servicetest.Logger(i.t)))
	i.served = make(chan error, 1)
	go func(s *service.Server, served chan<- error) { served <- s.Serve(i.addr) }(i.server, i.served)
}

// shutdown drains it; the error is that of Serve if it is not ErrClosed.
func (i *instanceOf) shutdown() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := i.server.Shutdown(ctx); err != nil {
		return err
	}
	return i.ended()
}

// kill cuts its links without a word, as kill -9 would.
func (i *instanceOf) kill() error {
	i.server.AbortApps(errKilled)
	if err := i.server.Close(); err != nil {
		return err
	}
	return i.ended()
}

func (i *instanceOf) ended() error {
	if err := <-i.served; err != service.ErrClosed {
		return err
	}
	return nil
}

// load keeps some callers busy until stop is called, which returns the first errors.
func load(callers int, one func() error) (stop func() []error) {
	var errs []error
	var mu sync.Mutex
	var over atomic.Bool
	var wait sync.WaitGroup
	for range callers {
		wait.Go(func() {
			for !over.Load() {
				if err := one(); err != nil {
					mu.Lock()
					errs = append(errs, err)
					mu.Unlock()
				}
			}
		})
	}
	return func() []error {
		over.Store(true)
		wait.Wait()
		return errs[:min(len(errs), 5)]
	}
}

// millisecond is a handler that takes one.
func millisecond(ctx context.Context) error {
	select {
	case <-time.After(time.Millisecond):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// TestRollingRestart: every instance in turn leaves and comes back, and no caller notices.
func TestRollingRestart(t *testing.T) {
	t.Parallel()
	inEveryWorld(t, func(t *testing.T, addr service.Addr) {
		is := is.New(t)
		l := newLedger()
		w := world{ipc: addr.Requests[:3] == "ipc", serviceBinds: addr.ServiceBinds}
		var instances []*instanceOf
		var addrs []service.Addr
		for range 3 {
			if addr.ServiceBinds || len(addrs) == 0 { // each binds an address, or all dial the app's
				addrs = append(addrs, w.addr(t))
			}
			instances = append(instances, startInstance(t, l.work(millisecond), addrs[len(addrs)-1]))
		}
		c := service.NewClient(service.WithSecret(secret), service.WithLogger(servicetest.Logger(t)), service.WithResponses(l.responses()))
		is.NoErr(c.Register(svc, addrs))
		await(t, "all are there", func() bool { return c.Instances(svc) == 3 })
		calls := load(8, func() error { return l.call(context.Background(), c) })
		sends := load(1, func() error {
			<-time.After(time.Millisecond)
			return l.send(context.Background(), c)
		})
		for range 2 {
			for _, i := range instances {
				is.NoErr(i.shutdown())
				i.start()
				await(t, "it is back", func() bool { return c.Instances(svc) == 3 })
			}
		}
		is.Equal(calls(), nil) // no call failed
		is.Equal(sends(), nil) // and no Send
		is.NoErr(c.Shutdown(t.Context()))
		for _, i := range instances {
			is.NoErr(i.shutdown())
		}
		is.Equal(l.problems(), nil)
		is.Equal(l.total(func(e *entry) int { return e.answered }), len(l.page)) // every one was answered
		t.Log(l)
	})
}

// TestRestartOfTheOnlyInstance: calls wait for it to come back.
func TestRestartOfTheOnlyInstance(t *testing.T) {
	t.Parallel()
	inEveryWorld(t, func(t *testing.T, addr service.Addr) {
		is := is.New(t)
		l := newLedger()
		i := startInstance(t, l.work(millisecond), addr)
		c := newClient(t, addr, service.WithWait(patience))
		ready(t, c)
		calls := load(8, func() error { return l.call(context.Background(), c) })
		for range 3 {
			is.NoErr(i.shutdown())
			i.start()
			ready(t, c)
		}
		is.Equal(calls(), nil) // no call failed
		is.NoErr(i.shutdown())
		is.Equal(l.problems(), nil)
	})
}
