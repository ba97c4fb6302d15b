package service_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/service"
	"quartet/service/servicetest"
	"quartet/transport/wire"
)

// counted counts what reaches a service at all.
func counted(n *atomic.Int32) handler.Middleware {
	return func(next handler.Handler) handler.Handler {
		return handler.Func(func(ctx context.Context, r *handler.Request) (*handler.Response, error) {
			n.Add(1)
			return next.Serve(ctx, r)
		})
	}
}

// TestNoRoute: the client knows from hello what no instance serves, and answers itself.
func TestNoRoute(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var asked atomic.Int32
	var mux handler.Mux
	mux.Use(counted(&asked))
	mux.Method("get", "/report/{id}", echo)
	c, _ := pair(t, &mux)

	for path, want := range map[string]int{"/nothing": 404, "/report/7": 405} {
		reply, err := c.Call(t.Context(), svc, &handler.Request{Path: path})
		is.NoErr(err) // that is an answer like any other
		is.Equal(reply.Code(), want)
		_, err = service.Invoke[string](t.Context(), c, svc, path, nil)
		is.Equal(handler.StatusOf(err), want)
		is.True(errors.Is(err, handler.ErrNoRoute)) // and tells that no handler said so
		_, err = c.Send(t.Context(), svc, &handler.Request{Path: path})
		is.Equal(handler.StatusOf(err), want) // nothing was sent
		is.True(errors.Is(err, handler.ErrNoRoute))
	}
	reply, err := c.Call(t.Context(), svc, &handler.Request{Path: "/report/7"})
	is.NoErr(err)
	is.Equal(reply.HeaderValue("allow"), "get, head") // what would be allowed
	is.Equal(asked.Load(), int32(0))                  // none of these calls left the client
	is.Equal(c.Leftovers(), nil)

	reply, err = c.Call(t.Context(), svc, &handler.Request{Path: "/report/7", Method: "get"})
	is.NoErr(err)
	is.Equal(reply.Code(), 200)
	is.Equal(asked.Load(), int32(1)) // this one did
}

// TestNotFoundInsideAHandler is the handler's own answer: it went to the service and came back.
func TestNotFoundInsideAHandler(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var mux handler.Mux
	mux.Handle("/report/{id}", handler.Func(func(_ context.Context, r *handler.Request) (*handler.Response, error) {
		return nil, handler.Errorf(404, "no report %s", r.Param("id"))
	}))
	c, _ := pair(t, &mux)
	_, err := service.Invoke[string](t.Context(), c, svc, "/report/7", nil)
	is.Equal(err.(*handler.Error).Reason, "no report 7")
	is.True(err.(*handler.Error).Remote)         // the service said so
	is.True(!errors.Is(err, handler.ErrNoRoute)) // it is not the 404 of a missing route
}

// TestRoutesDiffer: of several instances those are asked that serve the path.
func TestRoutesDiffer(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	addr := servicetest.Addr()
	c := newClient(t, addr)
	for _, path := range []string{"/a", "/b"} {
		var mux handler.Mux
		mux.Handle(path, handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) {
			return handler.Text(path), nil
		}))
		newServer(t, &mux, addr)
	}
	await(t, "both instances are there", func() bool { return len(c.RouteSets(svc)) == 2 })
	for range 20 {
		for _, path := range []string{"/a", "/b"} {
			reply, err := c.Call(t.Context(), svc, &handler.Request{Path: path})
			is.NoErr(err)
			is.Equal(reply.Text(), path) // the one that serves it
		}
	}
}

// TestRoutesAreForgotten: an instance that says hello again and again leaves nothing behind.
func TestRoutesAreForgotten(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	addr := servicetest.Addr()
	c := newClient(t, addr)
	f := fakeInstance(t, c, addr, 8)
	hello := instanceHello(8)
	for _, path := range []string{"/a", "/b", "/c"} {
		hello.Routes = handler.RoutesToWire([]handler.Route{{Method: "*", Pattern: path}})
		f.say(hello)
	}
	await(t, "only the last routes are kept", func() bool { return slices.Equal(c.RouteSets(svc), []string{"* /c\n"}) })
	reply, err := c.Call(t.Context(), svc, &handler.Request{Path: "/a"})
	is.NoErr(err)
	is.Equal(reply.Code(), 404) // what it no longer serves
	done := ask(t.Context(), c, "/c")
	f.answer(next[*wire.Request](f).ID, "c")
	is.Equal(recv(t, done, "an answer").Text(), "c")
}
