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
