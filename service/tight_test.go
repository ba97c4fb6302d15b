package service_test

import (
	"context"
	"testing"

	"github.com/matryer/is"
	"golang.org/x/sync/errgroup"

	"quartet/handler"
	"quartet/service"
)

// TestTightLimits: callers who keep within what an instance announces are never refused, however little
// it announces and however fast they are: an answer means that the place is free.
func TestTightLimits(t *testing.T) {
	t.Parallel()
	for _, e := range []struct {
		name    string
		callers int
		options []service.ServerOption
	}{
		{"a window of one", 1, []service.ServerOption{service.WithWindow(1, 1<<20)}},
		{"one handler and no backlog", 1, []service.ServerOption{service.WithConcurrency(1), service.WithBacklog(0)}},
		{"a window of four", 4, []service.ServerOption{service.WithWindow(4, 1<<20)}},
		{"four handlers and no backlog", 4, []service.ServerOption{service.WithConcurrency(4), service.WithBacklog(0)}},
	} {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			inEveryWorld(t, func(t *testing.T, addr service.Addr) {
				is := is.New(t)
				c := newClient(t, addr)
				s := newServer(t, echo, addr, e.options...)
				ready(t, c)
				var callers errgroup.Group
				for range e.callers {
					callers.Go(func() error {
						for range 400 / e.callers {
							if _, err := c.Call(context.Background(), svc, &handler.Request{Path: "/"}); err != nil {
								return err
							}
						}
						return nil
					})
				}
				is.NoErr(callers.Wait()) // nobody was refused
				await(t, "nothing is left", func() bool { return s.Leftovers() == nil })
			})
		})
	}
}

// TestLargeRequests are bounded in bytes; small ones are not held up by that.
func TestLargeRequests(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	g := newGate()
	defer g.Open()
	addr := worlds[0].addr(t)
	c := newClient(t, addr)
	s := newServer(t, g, addr, service.WithLargeRequests(300<<10))
	ready(t, c)
	large := func() <-chan error {
		done := make(chan error, 1)
		go func() {
			_, err := c.Call(t.Context(), svc, &handler.Request{Path: "/", Body: make([]byte, 200<<10)})
			done <- err
		}()
		return done
	}
	one := large()
	recv(t, g.entered, "the first began")
	failed(is, recv(t, large(), "the second was refused"), service.ErrRejected, 503)
	small := ask(t.Context(), c, "/small")
	is.Equal(recv(t, g.entered, "a small one began").Path, "/small")
	g.Open()
	is.NoErr(recv(t, one, "the first answer"))
	is.NoErr(recv(t, small, "the small answer").err)
	is.NoErr(recv(t, large(), "now there is room"))
	await(t, "nothing is left", func() bool { return s.Leftovers() == nil })
}
