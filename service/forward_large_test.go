package service_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/service"
	"quartet/service/servicetest"
	"quartet/transport"
)

// TestForwardOfLargeBodies: up to the limit they arrive, beyond it the caller learns why not.
func TestForwardOfLargeBodies(t *testing.T) {
	t.Parallel()
	inBothWays(t, func(t *testing.T, relay bool) {
		is := is.New(t)
		large := bytes.Repeat([]byte("0123456789abcdef"), service.DefaultMaxBody/16)
		var mux handler.Mux
		mux.Handle("/as-it-is", forwards(beyond, ""))
		mux.Handle("/grown", handler.Func(func(_ context.Context, r *handler.Request) (*handler.Response, error) {
			r.Body = append(bytes.Clone(large), r.Body...)
			return handler.Forward(beyond, ""), nil
		}))
		w := newWay(t, relay, world{ipc: true}.addr(t), &mux, echo)
		for path, body := range map[string][]byte{"/as-it-is": large, "/grown": nil} {
			reply, err := w.app.Call(t.Context(), svc, &handler.Request{Path: path, Body: body})
			is.NoErr(err)
			is.True(bytes.Equal(reply.Body, large)) // there and back
		}
		reply, err := w.app.Call(t.Context(), svc, &handler.Request{Path: "/grown", Body: []byte("1")})
		is.NoErr(err)
		is.Equal(reply.Code(), 413)
		is.Equal(reply.Reason, "the request is too large")
		_, err = w.app.Send(t.Context(), svc, &handler.Request{Path: "/grown"})
		is.NoErr(err)
		w.rest(t) // what the Send held when it had grown is let go, too
	})
}

// TestForwardsGiveTheirMemoryBack: the process has room for sixteen of these at a time, and each is over before the next.
func TestForwardsGiveTheirMemoryBack(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	large := make([]byte, service.DefaultMaxBody)
	addr := servicetest.Addr()
	c := newClient(t, addr)
	hold(t, c, beyond, servicetest.Addr(), service.WithMaxBody(10)) // they come no further than the app
	serve(t, c, svc, handler.Func(func(_ context.Context, r *handler.Request) (*handler.Response, error) {
		r.Body = large
		return handler.Forward(beyond, ""), nil
	}), addr)
	for range transport.Budget/service.DefaultMaxBody + 1 {
		_, err := c.Call(t.Context(), svc, &handler.Request{Path: "/"}, service.WithTimeout(patience))
		failed(is, err, service.ErrTooLarge, 413)
	}
}

// TestForwardBeyondTheNextLimit: a service may take less than the one that forwards to it.
func TestForwardBeyondTheNextLimit(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	addr, next := servicetest.Addr(), servicetest.Addr()
	c, got := sender(t, addr)
	hold(t, c, beyond, next, service.WithMaxBody(10))
	serve(t, c, beyond, echo, next)
	serve(t, c, svc, handler.Func(func(_ context.Context, r *handler.Request) (*handler.Response, error) {
		r.Body = make([]byte, 11)
		return handler.Forward(beyond, ""), nil
	}), addr)
	failed(is, recv(t, ask(t.Context(), c, "/"), "the answer").err, service.ErrTooLarge, 413)
	await(t, "nothing is left", func() bool { return c.Leftovers() == nil })
	send(t, c)
	receipt := got.only(t, c)
	is.Equal(receipt.Answer.Status, 413)
	is.True(errors.Is(receipt.Answer.Err, service.ErrTooLarge))
}
