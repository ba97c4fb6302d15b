package handler_test

import (
	"context"
	"testing"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/transport/wire"
)

func TestForwards(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	service, path, ok := handler.Forward("mail", "/send").Forwards()
	is.True(ok)
	is.Equal(service, "mail")
	is.Equal(path, "/send")
	_, _, ok = handler.Forward("mail", "").Forwards()
	is.True(ok) // the path stays
	for _, r := range []*handler.Response{nil, {}, handler.Text("mail")} {
		service, path, ok = r.Forwards()
		is.True(!ok) // an answer like any other
		is.Equal(service+path, "")
	}
}

// TestForwardToWire: the request goes on as it is, and leaves behind who asked.
func TestForwardToWire(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	w := &wire.Request{
		ID: wire.ID{1}, Path: "/a", Method: "put", From: "app", Hops: 3, Flags: wire.FlagSent,
		Header: map[string][]string{"h": {"1", "2"}}, Args: map[string]string{"a": "1"}, Body: []byte("b"),
	}
	from := handler.FromWire(w, &handler.Arrival{Caller: "shop"})
	r := &from
	want := wire.Forward{Service: "mail", Path: "/a", Method: "put", Header: w.Header, Args: w.Args, Body: w.Body}
	is.Equal(*r.ForwardToWire("mail", ""), want) // an empty path leaves it as it is
	want.Path = "/b"
	is.Equal(*r.ForwardToWire("mail", "/b"), want)
	is.Equal(r.Path, "/a") // the request itself is not changed

	r.Method, r.Path, r.Body = "", "/c", []byte("new")
	r.SetHeader("h", "3")
	f := r.ForwardToWire("mail", "")
	is.Equal(f.Method, "request") // the METHOD on the wire is never empty
	is.Equal(f.Path, "/c")        // what the handler changed goes along
	is.Equal(f.Header, map[string][]string{"h": {"3"}})
	is.Equal(string(f.Body), "new")
}

// forwarding is an R for ByMethod.
type forwarding struct{ finished *bool }

func (forwarding) Get(context.Context, *handler.Request) (*handler.Response, error) {
	return handler.Forward("mail", "/by-method"), nil
}

func (f forwarding) Finish(context.Context, *handler.Request, *handler.Response, error) {
	*f.finished = true
}

// TestForwardPassesThrough whatever stands between a handler and who runs it.
func TestForwardPassesThrough(t *testing.T) {
	t.Parallel()
	var finished bool
	var inner, mux handler.Mux
	inner.Handle("/deep/{id}", handler.Func(func(_ context.Context, r *handler.Request) (*handler.Response, error) {
		r.SetHeader("seen", r.Param("id"))
		return handler.Forward("mail", ""), nil
	}))
	mux.Use(func(next handler.Handler) handler.Handler {
		return handler.Func(func(ctx context.Context, r *handler.Request) (*handler.Response, error) {
			return next.Serve(ctx, r)
		})
	})
	mux.Mount("/inner", &inner)
	mux.Handle("/by-method", handler.ByMethod(func() forwarding { return forwarding{&finished} }))
	mux.Handle("/typed", handler.Typed(func(context.Context, struct{}) (*handler.Response, error) {
		return handler.Forward("mail", "/typed"), nil
	}))
	for path, want := range map[string]string{
		"/inner/deep/7": "/inner/deep/7", // the whole path, not what a mounted Mux sees of it
		"/by-method":    "/by-method", "/typed": "/typed",
	} {
		t.Run(path, func(t *testing.T) {
			is := is.New(t)
			r := &handler.Request{Path: path, Method: "get"}
			resp, err := handler.Run(t.Context(), &mux, r)
			is.NoErr(err)
			service, to, ok := resp.Forwards()
			is.True(ok)
			is.Equal(service, "mail")
			f := r.ForwardToWire(service, to)
			is.Equal(f.Path, want)
			is.Equal(f.Method, "get")
			if path == "/inner/deep/7" {
				is.Equal(f.Header["seen"], []string{"7"}) // what the handler changed goes along
			}
		})
	}
	is.New(t).True(finished) // Finish ran, though others answer
}
