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
	"quartet/transport/wire"
)

// forwarder is an app that holds svc, which forwards everything, and beyond, whose instances a test plays or starts.
type forwarder struct {
	app    *service.Client
	got    receipts
	next   service.Addr
	passed *atomic.Int32 // requests that svc has forwarded
}

func newForwarder(t testing.TB, o ...service.RegisterOption) forwarder {
	t.Helper()
	f := forwarder{next: servicetest.Addr(), passed: new(atomic.Int32)}
	addr := servicetest.Addr()
	f.app, f.got = sender(t, addr)
	hold(t, f.app, beyond, f.next, o...)
	serve(t, f.app, svc, handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) {
		f.passed.Add(1)
		return handler.Forward(beyond, ""), nil
	}), addr)
	return f
}

// bothFail says how a Call and a Send end.
func (f forwarder) bothFail(t testing.TB, outcome error, status int) {
	t.Helper()
	is := is.New(t)
	failed(is, recv(t, ask(t.Context(), f.app, "/"), "an end").err, outcome, status)
	await(t, "nothing is left", func() bool { return f.app.Leftovers() == nil })
	send(t, f.app)
	receipt := f.got.only(t, f.app)
	is.Equal(receipt.Answer.Status, status)
	is.True(errors.Is(receipt.Answer.Err, outcome))
	is.Equal(f.passed.Load(), int32(2)) // the first service has done its part once for each
}

// TestForwardToNoInstance: it did not run where it should have.
func TestForwardToNoInstance(t *testing.T) {
	t.Parallel()
	newForwarder(t, service.WithWait(10*time.Millisecond)).bothFail(t, service.ErrUnavailable, 503)
}

// TestForwardToNoRoute is answered as the service itself would.
func TestForwardToNoRoute(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	f := newForwarder(t)
	var mux handler.Mux
	mux.Method("put", "/", echo)
	mux.Method("put", "/work", echo)
	serve(t, f.app, beyond, &mux, f.next)
	r := recv(t, ask(t.Context(), f.app, "/"), "an answer")
	is.NoErr(r.err)
	is.Equal(r.Code(), 405)
	is.Equal(r.Header["allow"], []string{"put"})
	r = recv(t, ask(t.Context(), f.app, "/nowhere"), "an answer")
	is.NoErr(r.err)
	is.Equal(r.Code(), 404)
	send(t, f.app)
	is.Equal(f.got.only(t, f.app).Answer.Status, 405)
}

// TestForwardLost: the instance that it was forwarded to goes away.
func TestForwardLost(t *testing.T) {
	t.Parallel()
	g := newGate()
	defer g.Open()
	f := newForwarder(t, service.WithWait(patience))
	last := serve(t, f.app, beyond, g, f.next)
	killed := make(chan struct{})
	go func() {
		defer close(killed)
		for range 2 {
			<-g.entered
			last.AbortApps(errKilled) // they dial again
		}
	}()
	f.bothFail(t, service.ErrLost, 502)
	<-killed
}

// TestForwardRefused: what the last service sends back goes to another of its instances, as any request.
func TestForwardRefused(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	f := newForwarder(t)
	last := fakeOf(t, beyond, f.next)
	done := ask(t.Context(), f.app, "/")
	last.refuse(next[*wire.Request](last).ID, wire.OutcomeOverloaded, "for a reason")
	failed(is, recv(t, done, "an end").err, service.ErrRejected, 503)

	done = ask(t.Context(), f.app, "/")
	id := next[*wire.Request](last).ID
	serve(t, f.app, beyond, echo, f.next)
	await(t, "another is there", func() bool { return f.app.Instances(beyond) == 2 })
	last.refuse(id, wire.OutcomeOverloaded, "for a reason")
	is.NoErr(recv(t, done, "the answer").err)
	is.Equal(f.passed.Load(), int32(2)) // the first service was not asked again
	await(t, "nothing is left", func() bool { return f.app.Leftovers() == nil })
}

// TestForwardIdempotent: a call that may run twice does so where it went last.
func TestForwardIdempotent(t *testing.T) {
	t.Parallel()
	for _, e := range []struct {
		name  string
		call  []service.CallOption
		kills int
		want  error
	}{
		{"not declared", nil, 1, service.ErrLost},
		{"two instances lost", []service.CallOption{service.WithIdempotent()}, 2, nil},
		{"three instances lost", []service.CallOption{service.WithIdempotent()}, 3, service.ErrLost},
	} {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			f := newForwarder(t, service.WithWait(patience))
			done := ask(t.Context(), f.app, "/", e.call...)
			for range e.kills {
				last := fakeOf(t, beyond, f.next)
				next[*wire.Request](last)
				last.peer.Abort(errKilled)
				recv(t, last.gone, "its end")
			}
			if e.want == nil {
				serve(t, f.app, beyond, echo, f.next)
				is.NoErr(recv(t, done, "the answer").err)
			} else {
				failed(is, recv(t, done, "an end").err, e.want, 502)
			}
			is.Equal(f.passed.Load(), int32(1)) // the first service has answered
			await(t, "nothing is left", func() bool { return f.app.Leftovers() == nil })
		})
	}
}

// TestForwardIdempotentFromTheStart: an instance that is lost before it forwards is replaced by another of its kind.
func TestForwardIdempotentFromTheStart(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	addr, to := servicetest.Addr(), servicetest.Addr()
	c := newClient(t, addr, service.WithWait(patience))
	hold(t, c, beyond, to)
	serve(t, c, beyond, echo, to)
	done := ask(t.Context(), c, "/", service.WithIdempotent())
	f := fakeOf(t, svc, addr)
	next[*wire.Request](f)
	f.peer.Abort(errKilled)
	recv(t, f.gone, "its end")
	serve(t, c, svc, forwards(beyond, ""), addr)
	is.NoErr(recv(t, done, "the answer").err)
	await(t, "nothing is left", func() bool { return c.Leftovers() == nil })
}

// TestForwardTwice: an instance that forwards what it has forwarded already is heard once.
func TestForwardTwice(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	addr, to := servicetest.Addr(), servicetest.Addr()
	c := newClient(t, addr)
	hold(t, c, beyond, to)
	f, last := fakeOf(t, svc, addr), fakeOf(t, beyond, to)
	done := ask(t.Context(), c, "/")
	forward := &wire.Forward{ID: next[*wire.Request](f).ID, Service: beyond, Path: "/", Method: "get"}
	f.say(forward)
	f.say(forward)
	id := next[*wire.Request](last).ID
	f.answer(forward.ID, "and an answer")
	await(t, "the others are dropped", func() bool { return c.Stats().Stranger == 2 })
	last.answer(id, "the last")
	is.Equal(recv(t, done, "the answer").Text(), "the last")
	last.noMore(is) // it was asked once
}

// TestForwardForgetsRefusals: who sent the request back before may be the one that it is forwarded to.
func TestForwardForgetsRefusals(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	addr := servicetest.Addr()
	c := newClient(t, addr)
	f, other := fakeOf(t, svc, addr), fakeOf(t, svc, addr)
	await(t, "both are there", func() bool { return c.Instances(svc) == 2 })
	done := ask(t.Context(), c, "/one")
	select {
	case m := <-other.got: // whichever was asked
		f, other = other, f
		f.got <- m
	case m := <-f.got:
		f.got <- m
	}
	f.refuse(next[*wire.Request](f).ID, wire.OutcomeOverloaded, "for a reason")
	id := next[*wire.Request](other).ID
	other.say(&wire.Bye{}) // it takes no more: only the first is left
	other.say(&wire.Forward{ID: id, Service: svc, Path: "/two", Method: "get"})
	m := next[*wire.Request](f)
	is.Equal(m.Path, "/two")
	is.Equal(m.Hops, uint8(1))
	f.answer(m.ID, "after all")
	r := recv(t, done, "the answer")
	is.NoErr(r.err)
	is.Equal(r.Text(), "after all")
}
