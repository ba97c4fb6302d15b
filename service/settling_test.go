package service_test

import (
	"context"
	"testing"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/service"
	"quartet/service/servicetest"
)

// busy is a client all of whose response handlers are busy until they are let go.
func busy(t *testing.T) (c *service.Client, addr service.Addr, letGo func()) {
	is := is.New(t)
	open, begun, settled := make(chan struct{}), make(chan struct{}, service.MaxResponding), make(chan struct{}, 1000)
	addr = servicetest.Addr()
	c = newClient(t, addr, service.WithResponses(handler.Func(func(_ context.Context, r *handler.Request) (*handler.Response, error) {
		if r.Path == "/first" {
			begun <- struct{}{}
			<-open
		}
		settled <- struct{}{}
		return nil, nil
	})))
	s := newServer(t, handler.Func(func(_ context.Context, r *handler.Request) (*handler.Response, error) {
		if r.Path == "/large" {
			return &handler.Response{Body: make([]byte, 3<<20)}, nil
		}
		return &handler.Response{}, nil
	}), addr)
	ready(t, c)
	for range service.MaxResponding {
		_, err := c.Send(t.Context(), svc, &handler.Request{Path: "/first"})
		is.NoErr(err)
		recv(t, begun, "a response handler")
	}
	is.NoErr(s.Shutdown(t.Context()))
	return c, addr, func() { close(open) }
}

// TestAnswersInLine: answers that wait for a response handler hold up nothing but what Sends may hold.
func TestAnswersInLine(t *testing.T) {
	is := is.New(t)
	c, addr, letGo := busy(t)
	defer letGo()
	newServer(t, handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) {
		return &handler.Response{Body: make([]byte, 3<<20)}, nil
	}), addr)
	ready(t, c)
	sent := 0
	for ; ; sent++ {
		if _, err := c.Send(t.Context(), svc, &handler.Request{Path: "/"}); err != nil {
			failed(is, err, service.ErrRejected, 503)
			break
		}
		await(t, "its answer", func() bool { return c.InLine() > sent })
	}
	is.True(sent >= service.MaxSentBytes/(3<<20) && sent <= service.MaxSentBytes/(3<<20)+1) // their answers are what Sends hold
	reply, err := c.Call(t.Context(), svc, &handler.Request{Path: "/"})
	is.NoErr(err) // the memory for large frames is free
	is.Equal(len(reply.Body), 3<<20)
}

// TestSendsGoOnWhileHandlersAreBusy: what has to go on to another instance does not wait for a response handler.
func TestSendsGoOnWhileHandlersAreBusy(t *testing.T) {
	is := is.New(t)
	c, addr, letGo := busy(t)
	defer letGo()
	newServer(t, handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) {
		return handler.Forward("next", "/"), nil
	}), addr)
	ready(t, c)
	next := servicetest.Addr()
	is.NoErr(c.Register("next", []service.Addr{next}))
	ran := make(chan struct{}, 1)
	servicetest.NewServer(t, "next", handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) {
		ran <- struct{}{}
		return &handler.Response{}, nil
	}), next, service.WithSecret(secret))
	_, err := c.Send(t.Context(), svc, &handler.Request{Path: "/"})
	is.NoErr(err)
	recv(t, ran, "what was forwarded runs")
	await(t, "it waits for a response handler", func() bool { return c.InLine() == 1 })
}
