package service_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/service"
	"quartet/service/servicetest"
	"quartet/transport/wire"
)

func TestCanceledCall(t *testing.T) {
	t.Parallel()
	inEveryWorld(t, func(t *testing.T, addr service.Addr) {
		is := is.New(t)
		g := newGate()
		defer g.Open()
		c := newClient(t, addr)
		s := newServer(t, g, addr)
		ready(t, c)
		ctx, cancel := context.WithCancel(t.Context())
		done := ask(ctx, c, "/")
		recv(t, g.entered, "the handler began")
		cancel()
		r := recv(t, done, "the caller was told")
		failed(is, r.err, service.ErrCanceled, 499)
		is.True(errors.Is(r.err, context.Canceled))                                      // and that too
		is.Equal(recv(t, g.ended, "the handler was told"), context.Canceled)             // its context ended
		await(t, "the place is free again", func() bool { return c.Leftovers() == nil }) // the final message came
		is.Equal(c.Stats(), service.Stats{Late: 1})                                      // as a late answer
		await(t, "the server has nothing left", func() bool { return s.Leftovers() == nil })
	})
}

// TestCanceledBefore: a caller that has left already sends nothing.
func TestCanceledBefore(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	addr := servicetest.Addr()
	c := newClient(t, addr)
	f := fakeInstance(t, c, addr, 8)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := c.Call(ctx, svc, &handler.Request{Path: "/"})
	failed(is, err, service.ErrCanceled, 499)
	_, err = c.Send(ctx, svc, &handler.Request{Path: "/"})
	failed(is, err, service.ErrCanceled, 499)
	late, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	_, err = c.Call(late, svc, &handler.Request{Path: "/"})
	failed(is, err, service.ErrTimeout, 504)
	done := ask(t.Context(), c, "/honest")
	m := next[*wire.Request](f)
	is.Equal(m.Path, "/honest") // the first thing that was sent
	f.answer(m.ID, "")
	is.NoErr(recv(t, done, "an answer").err)
}

// TestTimeout follows the clock of a bubble: who sets the time limit of a call, and what it says.
func TestTimeout(t *testing.T) {
	t.Parallel()
	for _, e := range []struct {
		name     string
		client   []service.ClientOption
		register []service.RegisterOption
		call     []service.CallOption
		ctx      time.Duration
		want     time.Duration
	}{
		{name: "by default", want: service.DefaultTimeout},
		{name: "client", client: []service.ClientOption{service.WithTimeout(time.Second)}, want: time.Second},
		{
			name: "register before client", client: []service.ClientOption{service.WithTimeout(time.Second)},
			register: []service.RegisterOption{service.WithTimeout(2 * time.Second)}, want: 2 * time.Second,
		},
		{
			name: "call before register", register: []service.RegisterOption{service.WithTimeout(time.Second)},
			call: []service.CallOption{service.WithTimeout(3 * time.Second)}, want: 3 * time.Second,
		},
		{name: "an earlier context", ctx: 4 * time.Second, want: 4 * time.Second},
		{
			name: "a later context", ctx: 9 * time.Second,
			call: []service.CallOption{service.WithTimeout(5 * time.Second)}, want: 5 * time.Second,
		},
	} {
		t.Run(e.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				is := is.New(t)
				addr := servicetest.Addr()
				c := service.NewClient(e.client...)
				defer c.Close()
				is.NoErr(c.Register(svc, []service.Addr{addr}, e.register...))
				f := fakeInstance(t, c, addr, 8) // it never answers
				ctx := t.Context()
				if e.ctx > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, e.ctx)
					defer cancel()
				}
				began := time.Now()
				_, err := c.Call(ctx, svc, &handler.Request{Path: "/"}, e.call...)
				is.Equal(time.Since(began), e.want) // to the nanosecond, in a bubble
				failed(is, err, service.ErrTimeout, 504)
				is.True(errors.Is(err, context.DeadlineExceeded))
				m := next[*wire.Request](f)
				is.Equal(m.Left, e.want)                 // the time that is left travels
				is.Equal(next[*wire.Cancel](f).ID, m.ID) // and in the end nobody waits
			})
		})
	}
}
