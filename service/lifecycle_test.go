package service_test

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/service"
	"quartet/service/servicetest"
	"quartet/transport"
)

func TestServeMisused(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s := service.NewServer(svc, echo)
	is.True(s.Serve() != nil)                                                              // no address
	is.True(errors.Is(s.Serve(service.Addr{Requests: "http://x"}), transport.ErrEndpoint)) // a bad one
	is.True(errors.Is(s.Serve(service.Addr{Requests: "ipc://a", Responses: "ipc://b"}), transport.ErrSecret))
	is.NoErr(s.Close())
	is.Equal(s.Serve(servicetest.Addr()), service.ErrClosed)
	for _, f := range []func(){
		func() { service.NewServer("", echo) },
		func() { service.NewServer(svc, nil) },
	} {
		func() {
			defer func() { is.True(recover() != nil) }() // a mistake of the program
			f()
		}()
	}
}

// TestServeOnBusyEndpoint: the error says so, and nothing is served, not even at the other address.
func TestServeOnBusyEndpoint(t *testing.T) {
	t.Parallel()
	for _, ipc := range []bool{false, true} {
		is := is.New(t)
		w := world{ipc: ipc, serviceBinds: true}
		busy, free := w.addr(t), w.addr(t)
		first := newServer(t, echo, busy)
		await(t, "the first serves", func() bool { return len(first.Addrs()) == 1 })
		second := service.NewServer(svc, echo, service.WithSecret(secret))
		is.True(errors.Is(second.Serve(free, busy), transport.ErrInUse))
		is.Equal(len(second.Addrs()), 0)
		is.NoErr(second.Close())
		newServer(t, echo, free) // it was let go
	}
}

// TestServeTwice adds addresses; one server is met at all of them, whoever binds.
func TestServeTwice(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var all []service.Addr
	for _, w := range worlds {
		all = append(all, w.addr(t))
	}
	s := service.NewServer(svc, echo, service.WithSecret(secret))
	served := make(chan error, 3)
	go func() { served <- s.Serve(all[:2]...) }()
	go func() { served <- s.Serve(all[2:]...) }()
	for _, a := range all {
		c := newClient(t, a)
		ready(t, c)
		reply, err := c.Call(t.Context(), svc, &handler.Request{Path: "/", Body: []byte("x")})
		is.NoErr(err)
		is.Equal(reply.Text(), "x")
	}
	is.Equal(len(s.Addrs()), 4)
	is.Equal(s.Stats().Apps, 4)
	is.NoErr(s.Shutdown(t.Context()))
	is.Equal(recv(t, served, "one Serve"), service.ErrClosed)
	is.Equal(recv(t, served, "the other"), service.ErrClosed)
}

// TestServerCloseIsIdempotent, in all orders and at once.
func TestServerCloseIsIdempotent(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	_, s := pair(t, echo)
	errs := make(chan error, 8)
	for n := range cap(errs) {
		go func() {
			if n%2 == 0 {
				errs <- s.Close()
			} else {
				errs <- s.Shutdown(context.Background())
			}
		}()
	}
	for range cap(errs) {
		is.NoErr(recv(t, errs, "the end"))
	}
	is.Equal(s.Serve(servicetest.Addr()), service.ErrClosed)
	is.Equal(s.Stats(), service.ServerStats{})
}

// TestServerCloseDuringShutdown: who loses patience is obeyed.
func TestServerCloseDuringShutdown(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	g := newGate()
	c, s := pair(t, g)
	done := ask(t.Context(), c, "/")
	recv(t, g.entered, "the handler began")
	shut := make(chan error, 1)
	go func() { shut <- s.Shutdown(context.Background()) }()
	await(t, "it drains", func() bool { return c.Instances(svc) == 0 })
	is.NoErr(s.Close())
	is.True(errors.Is(recv(t, shut, "the shutdown"), service.ErrClosed)) // it could not finish
	failed(is, recv(t, done, "the caller was told").err, service.ErrLost, 502)
	is.Equal(recv(t, g.ended, "the handler was told"), context.Canceled)
}

// TestServerShutdownCutsOff what is not done when ctx ends.
func TestServerShutdownCutsOff(t *testing.T) {
	t.Parallel()
	inEveryWorld(t, func(t *testing.T, addr service.Addr) {
		is := is.New(t)
		g := newGate()
		c := newClient(t, addr)
		s := newServer(t, g, addr)
		ready(t, c)
		done := ask(t.Context(), c, "/")
		recv(t, g.entered, "the handler began")
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
		defer cancel()
		err := s.Shutdown(ctx)
		is.True(errors.Is(err, context.DeadlineExceeded))
		failed(is, recv(t, done, "the caller was told").err, service.ErrLost, 502)
		is.Equal(recv(t, g.ended, "the handler was told"), context.Canceled)
	})
}

// TestServerCloseWithStubbornHandler: the error says that it still runs.
func TestServerCloseWithStubbornHandler(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		open := make(chan struct{})
		c, s := pair(t, handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) {
			<-open
			return &handler.Response{}, nil
		}))
		done := ask(t.Context(), c, "/")
		synctest.Wait()
		began := time.Now()
		is.True(s.Close() != nil)
		is.Equal(time.Since(began), service.CloseLimit)
		failed(is, (<-done).err, service.ErrLost, 502) // long before that
		close(open)
		synctest.Wait()
		is.Equal(s.Stats().Running, 0)
	})
}

// TestWrongSecret: no connection, and the log says why.
func TestWrongSecret(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	other, err := service.ParseSecret([]byte("ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100"))
	is.NoErr(err)
	addr := world{ipc: true}.addr(t)
	var mu sync.Mutex
	refused := 0
	c := newClient(t, addr, service.WithWait(0), service.WithHook(func(e service.Event) {
		mu.Lock()
		defer mu.Unlock()
		if e.Type == transport.HandshakeFailed && errors.Is(e.Err, transport.ErrRefused) {
			refused++
		}
	}))
	newServer(t, echo, addr, service.WithSecret(other))
	await(t, "it was refused", func() bool { mu.Lock(); defer mu.Unlock(); return refused > 0 })
	_, err = c.Call(t.Context(), svc, &handler.Request{Path: "/"})
	failed(is, err, service.ErrUnavailable, 503)
}

// TestStaleSocket: what a killed process left behind is in nobody's way.
func TestStaleSocket(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	dir := t.TempDir()
	for _, name := range []string{"q", "a"} {
		l, err := net.Listen("unix", filepath.Join(dir, name))
		is.NoErr(err)
		l.(*net.UnixListener).SetUnlinkOnClose(false)
		l.Close()
	}
	addr := service.Addr{Requests: "ipc://" + filepath.Join(dir, "q"), Responses: "ipc://" + filepath.Join(dir, "a")}
	c := newClient(t, addr)
	newServer(t, echo, addr)
	ready(t, c)
}
