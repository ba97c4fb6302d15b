package service_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/service"
	"quartet/service/servicetest"
)

// ahead is an app with a call and a Send that were forwarded, and whose handlers wait behind a gate.
type ahead struct {
	way
	done <-chan result
	got  receipts
	*gate
}

func newAhead(t testing.TB, addr service.Addr) ahead {
	t.Helper()
	a := ahead{got: make(receipts, 4), gate: newGate()}
	a.way = newWay(t, false, addr, forwards(beyond, ""), a.gate, service.WithResponses(a.got))
	a.done = ask(t.Context(), a.app, "/call")
	recv(t, a.entered, "the call is there")
	send(t, a.app)
	recv(t, a.entered, "the Send is there")
	return a
}

// finish opens the gate, and says that all ends well.
func (a ahead) finish(t testing.TB) {
	t.Helper()
	is := is.New(t)
	a.Open()
	r := recv(t, a.done, "the answer")
	is.NoErr(r.err)
	is.Equal(r.Text(), "done /call")
	is.Equal(recv(t, a.got, "the receipt").Answer.Text(), "done /work")
}

// lost says that both were cut off, and that the last handlers know.
func (a ahead) lost(t testing.TB) {
	t.Helper()
	is := is.New(t)
	r := recv(t, a.done, "the end")
	failed(is, r.err, service.ErrLost, 502)
	is.True(!errors.Is(r.err, service.ErrClosed)) // which would say that it did not run
	receipt := recv(t, a.got, "the receipt")
	is.Equal(receipt.Answer.Status, 502)
	is.True(errors.Is(receipt.Answer.Err, service.ErrLost))
}

// inBackground runs something that waits.
func inBackground(f func() error) <-chan error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	return done
}

// TestShutdownFinishesForwards that are under way when it comes.
func TestShutdownFinishesForwards(t *testing.T) {
	t.Parallel()
	inEveryWorld(t, func(t *testing.T, addr service.Addr) {
		is := is.New(t)
		a := newAhead(t, addr)
		defer a.Open()
		shut := inBackground(func() error { return a.app.Shutdown(context.Background()) })
		await(t, "it shuts down", a.app.Ending)
		_, err := a.app.Call(t.Context(), svc, &handler.Request{Path: "/late"})
		failed(is, err, service.ErrClosed, 503)
		a.finish(t)
		is.NoErr(recv(t, shut, "the end"))
		a.rest(t)
	})
}

// TestShutdownLetsForward: what is still at the first service may go on to another that has nothing to do; so no service
// is left before all are.
func TestShutdownLetsForward(t *testing.T) {
	t.Parallel()
	inEveryWorld(t, func(t *testing.T, addr service.Addr) {
		is := is.New(t)
		g := newGate()
		defer g.Open()
		first := handler.Func(func(ctx context.Context, r *handler.Request) (*handler.Response, error) {
			if r.Path == "/wait" {
				if resp, err := g.Serve(ctx, r); err != nil {
					return resp, err
				}
			}
			return handler.Forward(beyond, ""), nil
		})
		got := make(receipts, 1)
		w := newWay(t, false, addr, first, echo, service.WithResponses(got))
		is.NoErr(recv(t, ask(t.Context(), w.app, "/"), "the answer").err) // it is an app whose calls are forwarded
		done := ask(t.Context(), w.app, "/wait")
		recv(t, g.entered, "it waits")
		shut := inBackground(func() error { return w.app.Shutdown(context.Background()) })
		await(t, "it shuts down", w.app.Ending)
		g.Open()
		is.NoErr(recv(t, done, "the answer").err)
		is.NoErr(recv(t, shut, "the end"))
	})
}

// TestShutdownUnbindsFirst: the next app can come while the last forwards of this one are under way.
func TestShutdownUnbindsFirst(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	addr := world{ipc: true}.addr(t)
	a := newAhead(t, addr)
	defer a.Open()
	shut := inBackground(func() error { return a.app.Shutdown(context.Background()) })
	successor := service.NewClient(service.WithSecret(secret), service.WithLogger(servicetest.Logger(t)))
	defer successor.Close()
	await(t, "the address is free", func() bool { return successor.Register(svc, []service.Addr{addr}) == nil })
	a.finish(t)
	is.NoErr(recv(t, shut, "the end"))
	is.NoErr(successor.Ready(t.Context(), svc)) // the instance is here now
}

// TestShutdownCutsForwardsOff when its time is over.
func TestShutdownCutsForwardsOff(t *testing.T) {
	t.Parallel()
	inEveryWorld(t, func(t *testing.T, addr service.Addr) {
		is := is.New(t)
		a := newAhead(t, addr)
		defer a.Open()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		is.True(errors.Is(a.app.Shutdown(ctx), context.DeadlineExceeded)) // something was cut off
		a.lost(t)
		is.Equal(recv(t, a.ended, "a handler was told"), context.Canceled)
		a.Open()
		a.rest(t)
	})
}

// TestCloseCutsForwardsOff at once.
func TestCloseCutsForwardsOff(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	a := newAhead(t, servicetest.Addr())
	defer a.Open()
	is.NoErr(a.app.Close())
	a.lost(t)
	a.Open()
	a.rest(t)
}

// TestCloseDuringShutdownOfForwards: who loses patience is obeyed, and who had it learns that something was cut off.
func TestCloseDuringShutdownOfForwards(t *testing.T) {
	t.Parallel()
	for range 10 {
		is := is.New(t)
		a := newAhead(t, servicetest.Addr())
		defer a.Open()
		shut := inBackground(func() error { return a.app.Shutdown(context.Background()) })
		await(t, "it shuts down", a.app.Ending)
		is.NoErr(a.app.Close())
		is.True(errors.Is(recv(t, shut, "the shutdown"), service.ErrClosed)) // it could not finish
		a.lost(t)
	}
}

// TestUnregisterFinishesForwards, whichever of the two services it is.
func TestUnregisterFinishesForwards(t *testing.T) {
	t.Parallel()
	for _, name := range []string{svc, beyond} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			a := newAhead(t, servicetest.Addr())
			defer a.Open()
			gone := inBackground(func() error { return a.app.Unregister(context.Background(), name) })
			await(t, "it is unknown", func() bool { return a.app.Addrs(name) == nil })
			if name == beyond { // what comes from now on has nowhere to go
				r := recv(t, ask(t.Context(), a.app, "/"), "the answer")
				if r.err == nil {
					refusedWith(is, r, "the service forwards to one that its app does not hold")
				} else { // it had not heard of it yet
					failed(is, r.err, service.ErrUnknownService, 502)
				}
			}
			a.finish(t)
			is.NoErr(recv(t, gone, "the end"))
			a.rest(t)
		})
	}
}

// TestUnregisterCutsForwardsOff when its time is over, whichever of the two services it is; the other lives on.
func TestUnregisterCutsForwardsOff(t *testing.T) {
	t.Parallel()
	for name, other := range map[string]string{svc: beyond, beyond: svc} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			a := newAhead(t, servicetest.Addr())
			defer a.Open()
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			defer cancel()
			is.True(errors.Is(a.app.Unregister(ctx, name), context.DeadlineExceeded)) // something was cut off
			a.lost(t)
			a.Open()
			a.rest(t)
			reply, err := a.app.Call(t.Context(), other, &handler.Request{Path: "/"})
			is.NoErr(err)
			is.True(reply.Code() == 200 || other == svc && reply.Code() == 502) // it has nobody to forward to
		})
	}
}

// TestUnregisterWhileAForwardWaits for an instance of the other service: it does not have to come first.
func TestUnregisterWhileAForwardWaits(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	f := newForwarder(t, service.WithWait(patience))
	done := ask(t.Context(), f.app, "/")
	send(t, f.app)
	await(t, "both wait", func() bool { return f.app.Waiting(beyond) == 2 })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	is.True(errors.Is(f.app.Unregister(ctx, svc), context.DeadlineExceeded))
	failed(is, recv(t, done, "the end").err, service.ErrClosed, 503) // where it went it did not run
	is.Equal(recv(t, f.got, "the receipt").Answer.Status, 502)
	is.Equal(f.app.Leftovers(), nil)
}
