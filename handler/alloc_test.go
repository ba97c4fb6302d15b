//go:build !race

package handler_test

import (
	"context"
	"testing"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/transport/wire"
)

// The race detector makes sync.Pool forget on purpose, hence the build tag.
func TestAllocations(t *testing.T) {
	is := is.New(t)
	answer := handler.Text("x")
	h := returns(answer, nil)
	var m handler.Mux
	m.Use(func(next handler.Handler) handler.Handler {
		return handler.Func(func(ctx context.Context, r *handler.Request) (*handler.Response, error) { return next.Serve(ctx, r) })
	})
	m.Method("get", "/static", h)
	m.Method("get", "/a/{id}/b/{name}", h)
	m.Route("/mounted", func(m *handler.Mux) {
		m.Method("get", "/static", h)
		m.Route("/deep", func(m *handler.Mux) { m.Method("get", "/static", h) })
	})
	m.Method("get", "/page", handler.ByMethod(func() *empty { return nil }))
	matcher, err := handler.NewMatcher(m.Routes())
	is.NoErr(err)

	ctx := context.Background()
	serve := func(path string) float64 {
		r := &handler.Request{Method: "get", Path: path}
		return testing.AllocsPerRun(1000, func() {
			if _, err := m.Serve(ctx, r); err != nil {
				t.Fatal(err)
			}
		})
	}
	is.Equal(serve("/static"), 0.0)              // a route without parameters costs nothing
	is.Equal(serve("/a/1/b/2"), 1.0)             // the parameters
	is.Equal(serve("/mounted/static"), 0.0)      // a mount
	is.Equal(serve("/mounted/deep/static"), 1.0) // a mount in a mount: the joined pattern
	is.Equal(serve("/page"), 0.0)                // ByMethod adds nothing to what its func makes

	match := func(f func(method, path string) (int, []string)) float64 {
		return testing.AllocsPerRun(1000, func() {
			for _, path := range []string{"/static", "/a/1/b/2", "/mounted/deep/static"} {
				if status, _ := f("head", path); status != 200 {
					t.Fatal(path)
				}
			}
		})
	}
	is.Equal(match(m.Match), 0.0)       // a hit of Mux.Match
	is.Equal(match(matcher.Match), 0.0) // a hit of Matcher.Match

	r := &handler.Request{Method: "get", Path: "/static"}
	is.Equal(testing.AllocsPerRun(1000, func() { _, _ = handler.Run(ctx, &m, r) }), 1.0) // the context
}

// TestAllocArrival: a request that has arrived is served in the memory that its receiver keeps it in.
func TestAllocArrival(t *testing.T) {
	is := is.New(t)
	var m handler.Mux
	m.Handle("/static", returns(handler.Text("x"), nil))
	w := &wire.Request{ID: wire.ID{1}, From: "app", Path: "/static", Method: "get"}
	var job struct { // what the receiver keeps
		arrival handler.Arrival
		request handler.Request
	}
	ctx := context.Background()
	is.Equal(testing.AllocsPerRun(1000, func() {
		job.arrival = handler.Arrival{Caller: "front"}
		job.request = handler.FromWire(w, &job.arrival)
		_, _ = handler.Run(ctx, &m, &job.request)
	}), 0.0)
	is.Equal(testing.AllocsPerRun(1000, func() { job.request.Clone() }), 1.0)               // both parts in one
	is.Equal(testing.AllocsPerRun(1000, func() { (&handler.Request{}).Clone() }), 1.0)      // or the one that is there
	is.Equal(testing.AllocsPerRun(1000, func() { handler.ForAnswer(w, emptyAnswer) }), 1.0) // both parts in one
}

type empty struct{}

func (*empty) Get(context.Context, *handler.Request) (*handler.Response, error) {
	return emptyAnswer, nil
}

var emptyAnswer = &handler.Response{}
