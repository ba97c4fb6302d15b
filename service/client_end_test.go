package service_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/service"
	"quartet/service/servicetest"
	"quartet/transport"
)

func TestRegister(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	addr, other := servicetest.Addr(), servicetest.Addr()
	c := service.NewClient()
	is.NoErr(c.Register(svc, []service.Addr{addr}))
	is.NoErr(c.Register(svc, []service.Addr{addr})) // the same again
	is.True(c.Register(svc, []service.Addr{other}) != nil)
	is.True(c.Register(svc, []service.Addr{addr, other}) != nil)
	is.Equal(c.Addrs(svc), []service.Addr{addr})
	is.True(c.Register("", []service.Addr{other}) != nil)                                                // no name
	is.True(c.Register("none", nil) != nil)                                                              // no address
	is.True(errors.Is(c.Register("busy", []service.Addr{other, addr}), transport.ErrInUse))              // of another service
	is.True(errors.Is(c.Register("bad", []service.Addr{{Requests: "nonsense"}}), transport.ErrEndpoint)) // no endpoint
	is.True(errors.Is(c.Register("one", []service.Addr{{Requests: "ipc://a", Responses: "ipc://b"}}), transport.ErrSecret))
	is.NoErr(c.Register("free", []service.Addr{other})) // it was let go
	is.NoErr(c.Unregister(t.Context(), svc))
	is.NoErr(c.Register(svc, []service.Addr{addr})) // after Unregister anything goes
	is.NoErr(c.Close())
	is.Equal(c.Register("late", []service.Addr{servicetest.Addr()}), service.ErrClosed)
	_, err := c.Call(t.Context(), svc, &handler.Request{Path: "/"})
	failed(is, err, service.ErrClosed, 503)
	_, err = c.Send(t.Context(), svc, &handler.Request{Path: "/"})
	failed(is, err, service.ErrClosed, 503)
	failed(is, c.Ready(t.Context(), svc), service.ErrClosed, 503)
	is.NoErr(c.Close())
	is.NoErr(c.Shutdown(t.Context()))
}

// TestSeveralServices of one client are kept apart.
func TestSeveralServices(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	c := newClient(t, servicetest.Addr())
	for _, name := range []string{"one", "two"} {
		addr := servicetest.Addr()
		is.NoErr(c.Register(name, []service.Addr{addr}))
		servicetest.NewServer(t, name, handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) {
			return handler.Text(name), nil
		}), addr)
	}
	for _, name := range []string{"one", "two"} {
		is.NoErr(c.Ready(t.Context(), name))
		reply, err := c.Call(t.Context(), name, &handler.Request{Path: "/"})
		is.NoErr(err)
		is.Equal(reply.Text(), name)
	}
}

// TestSeveralAddresses: instances at any of them share the load, whoever binds.
func TestSeveralAddresses(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var all []service.Addr
	for _, w := range worlds {
		all = append(all, w.addr(t))
	}
	c := service.NewClient(service.WithSecret(secret), service.WithLogger(servicetest.Logger(t)))
	is.NoErr(c.Register(svc, all))
	var asked [4]atomic.Int32
	for n, a := range all {
		newServer(t, handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) {
			asked[n].Add(1)
			return &handler.Response{}, nil
		}), a)
	}
	await(t, "all four are there", func() bool { return c.Instances(svc) == 4 })
	await(t, "all four are asked", func() bool {
		_, err := c.Call(t.Context(), svc, &handler.Request{Path: "/"})
		is.NoErr(err)
		return asked[0].Load() > 0 && asked[1].Load() > 0 && asked[2].Load() > 0 && asked[3].Load() > 0
	})
	is.NoErr(c.Shutdown(t.Context()))
}

func TestReady(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	addr := servicetest.Addr()
	c := newClient(t, addr)
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	err := c.Ready(ctx, svc)
	failed(is, err, service.ErrUnavailable, 503)
	is.True(errors.Is(err, context.DeadlineExceeded))
	there := make(chan error, 1)
	go func() { there <- c.Ready(context.Background(), svc) }()
	s := newServer(t, echo, addr)
	is.NoErr(recv(t, there, "an instance"))
	is.NoErr(s.Shutdown(t.Context()))
	failed(is, c.Ready(ctx, svc), service.ErrUnavailable, 503) // it has left
}

// TestClientShutdownFinishes what was begun.
func TestClientShutdownFinishes(t *testing.T) {
	t.Parallel()
	inEveryWorld(t, func(t *testing.T, addr service.Addr) {
		is := is.New(t)
		g := newGate()
		defer g.Open()
		c, got := sender(t, addr)
		newServer(t, g, addr)
		ready(t, c)
		done := ask(t.Context(), c, "/call")
		send(t, c)
		recv(t, g.entered, "one began")
		recv(t, g.entered, "the other began")
		shut := make(chan error, 1)
		go func() { shut <- c.Shutdown(context.Background()) }()
		await(t, "it shuts down", c.Ending)
		_, err := c.Call(t.Context(), svc, &handler.Request{Path: "/late"})
		failed(is, err, service.ErrClosed, 503)
		g.Open()
		r := recv(t, done, "the answer")
		is.NoErr(r.err)
		is.Equal(r.Text(), "done /call")
		is.NoErr(recv(t, shut, "the shutdown"))
		is.Equal(len(got), 1) // its response handler has returned
	})
}

// TestClientCloseDuringShutdown: who loses patience is obeyed.
func TestClientCloseDuringShutdown(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	g := newGate()
	defer g.Open()
	c, _ := pair(t, g)
	done := ask(t.Context(), c, "/")
	recv(t, g.entered, "the handler began")
	shut := make(chan error, 1)
	go func() { shut <- c.Shutdown(context.Background()) }()
	await(t, "it shuts down", c.Ending)
	is.NoErr(c.Close())
	is.True(errors.Is(recv(t, shut, "the shutdown"), service.ErrClosed)) // it could not finish
	r := recv(t, done, "the caller was told")
	failed(is, r.err, service.ErrLost, 502)
	is.True(!errors.Is(r.err, service.ErrClosed)) // which would say that it did not run
	is.Equal(c.Leftovers(), nil)
}

// TestUnregisterDrains: calls under way are finished, and the service is unknown at once.
func TestUnregisterDrains(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	g := newGate()
	defer g.Open()
	c, s := pair(t, g)
	done := ask(t.Context(), c, "/")
	recv(t, g.entered, "the handler began")
	ended := make(chan error, 1)
	go func() { ended <- c.Unregister(context.Background(), svc) }()
	await(t, "it is unknown", func() bool { return c.Addrs(svc) == nil })
	_, err := c.Call(t.Context(), svc, &handler.Request{Path: "/"})
	failed(is, err, service.ErrUnknownService, 500)
	g.Open()
	is.NoErr(recv(t, done, "the answer").err)
	is.NoErr(recv(t, ended, "the end"))
	await(t, "the instance knows", func() bool { return s.Stats().Apps == 0 })
}
