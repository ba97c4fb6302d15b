package service_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/service"
	"quartet/service/servicetest"
)

// runs is how many handlers a request can pass: that of the service which was asked, and those of eight hops.
const runs = 1 + handler.MaxHops

// circle is two services, svc and beyond, each with a client that holds the other. They bind: all clients can dial them.
type circle struct {
	app, one, two *service.Client // of the test, of svc, of beyond
	ran           *atomic.Int32
	servers       []*service.Server
}

// newCircle connects them. The app and the clients hold the services that are named; the handlers are given the client
// of their own service.
func newCircle(t testing.TB, app, one, two []string, first, second func(*service.Client) handler.Handler) circle {
	t.Helper()
	k := circle{ran: new(atomic.Int32)}
	at := map[string]service.Addr{svc: servicetest.Addr(), beyond: servicetest.Addr()}
	client := func(holds []string) *service.Client {
		c := service.NewClient(service.WithSecret(secret), service.WithLogger(servicetest.Logger(t)))
		for _, name := range holds {
			a := at[name]
			a.ServiceBinds = true
			hold(t, c, name, a)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	k.app, k.one, k.two = client(app), client(one), client(two)
	counted := func(h handler.Handler) handler.Handler {
		return handler.Func(func(ctx context.Context, r *handler.Request) (*handler.Response, error) {
			if k.ran.Add(1) > 100 {
				return nil, errors.New("it never ends")
			}
			return h.Serve(ctx, r)
		})
	}
	start := func(name string, h handler.Handler, c *service.Client) {
		a := at[name]
		a.ServiceBinds = true
		k.servers = append(k.servers, servicetest.NewServer(t, name, counted(h), a,
			service.WithSecret(secret), service.WithClient(c)))
	}
	start(svc, first(k.one), k.one)
	start(beyond, second(k.two), k.two)
	for c, holds := range map[*service.Client][]string{k.app: app, k.one: one, k.two: two} {
		for _, name := range holds {
			await(t, "all are there", func() bool { return c.Instances(name) == 1 })
		}
	}
	return k
}

// nested calls a service and answers with its answer.
func nested(name string) func(*service.Client) handler.Handler {
	return func(c *service.Client) handler.Handler {
		return handler.Func(func(ctx context.Context, r *handler.Request) (*handler.Response, error) {
			reply, err := c.Call(ctx, name, &handler.Request{Path: r.Path})
			if err != nil {
				return nil, err
			}
			return reply.Response, nil
		})
	}
}

func onward(name string) func(*service.Client) handler.Handler {
	return func(*service.Client) handler.Handler { return forwards(name, "") }
}

// TestForwardLoop: two services that ask each other for ever are stopped, and the caller learns why.
func TestForwardLoop(t *testing.T) {
	t.Parallel()
	both, none := []string{svc, beyond}, []string(nil)
	for _, e := range []struct {
		name          string
		app, one, two []string
		first, second func(*service.Client) handler.Handler
		local         bool // the app itself stops it
	}{
		{"by the app", both, none, none, onward(beyond), onward(svc), true},
		{"by the app, one service", []string{svc}, none, none, onward(svc), onward(svc), true},
		{"by relays", []string{svc}, []string{beyond}, []string{svc}, onward(beyond), onward(svc), false},
		{"by a relay that then follows", []string{svc}, both, none, onward(beyond), onward(svc), false},
		{"by calls", []string{svc}, []string{beyond}, []string{svc}, nested(beyond), nested(svc), false},
		{"by calls and relays", []string{svc}, []string{beyond}, []string{svc}, nested(beyond), onward(svc), false},
		{"by calls and the app", []string{svc}, both, both, nested(beyond), onward(svc), false},
	} {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			k := newCircle(t, e.app, e.one, e.two, e.first, e.second)
			r := recv(t, ask(t.Context(), k.app, "/"), "the end")
			if e.local {
				failed(is, r.err, service.ErrLoop, 508)
			} else {
				is.NoErr(r.err)
				is.Equal(r.Code(), 508)
				is.Equal(r.Reason, "the request went on from service to service too often")
			}
			is.Equal(k.ran.Load(), int32(runs)) // after eight hops
			await(t, "nothing is left", func() bool {
				left := len(k.app.Leftovers()) + len(k.one.Leftovers()) + len(k.two.Leftovers())
				return left+len(k.servers[0].Leftovers())+len(k.servers[1].Leftovers()) == 0
			})
		})
	}
}

// TestSentLoop ends with its receipt.
func TestSentLoop(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	addr := servicetest.Addr()
	c, got := sender(t, addr)
	var ran atomic.Int32
	serve(t, c, svc, handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) {
		ran.Add(1)
		return handler.Forward(svc, ""), nil
	}), addr)
	send(t, c)
	receipt := got.only(t, c)
	is.Equal(receipt.Answer.Status, 508)
	is.True(errors.Is(receipt.Answer.Err, service.ErrLoop))
	is.Equal(ran.Load(), int32(runs))
	is.Equal(c.Leftovers(), nil)
}

// TestResponseHandlerLoop: answers that lead to further requests for ever are stopped, too.
func TestResponseHandlerLoop(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var c *service.Client
	ended := make(chan error, 1)
	again := handler.Func(func(ctx context.Context, r *handler.Request) (*handler.Response, error) {
		if _, err := c.Send(ctx, svc, &handler.Request{Path: r.Path}); err != nil {
			ended <- err
		}
		return &handler.Response{}, nil
	})
	addr := servicetest.Addr()
	c = newClient(t, addr, service.WithResponses(again))
	var ran atomic.Int32
	serve(t, c, svc, handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) {
		ran.Add(1)
		return &handler.Response{}, nil
	}), addr)
	_, err := c.Send(t.Context(), svc, &handler.Request{Path: "/"})
	is.NoErr(err)
	failed(is, recv(t, ended, "the end"), service.ErrLoop, 508)
	is.Equal(ran.Load(), int32(runs))
	is.NoErr(c.Shutdown(t.Context()))
	is.Equal(c.Leftovers(), nil)
}
