package handler_test

import (
	"context"
	"testing"

	"github.com/matryer/is"

	"quartet/handler"
)

func TestMount(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, method, path, want string }{
		{"the mount itself", "get", "/u", "list"},
		{"the mount with a slash", "get", "/u/", "list"},
		{"a route in it", "get", "/u/7", "user id=7 *="},
		{"nearly the mount", "get", "/users", "404"},
		{"below it, no such path", "get", "/u/7/x", "404"},
		{"below it, another METHOD", "post", "/u/7", "405 get, head"},
		{"head falls back below it too", "head", "/u/7", "user id=7 *="},
		{"a METHOD nobody has heard of", "frobnicate", "/u/7", "405 get, head"},
		{"a route beside a mount", "get", "/u/special", "special"},
		{"every other METHOD of that path goes into the mount", "post", "/u/special", "405 get, head"},
		{"mounts in mounts", "get", "/deep/1/2/3", "deep a=1 b=2 c=3"},
		{"one name on two levels", "get", "/same/1/2", "same id=2"},
		{"the rest in a mount", "get", "/files/a/b", "files *=a/b"},
		{"the rest in a mount, empty", "get", "/files", "files *="},
		{"a mount at the root", "get", "/at-root", "at root"},
		{"a mount with a slash at its end", "get", "/slash/x", "slash"},
		{"that mount without its slash", "get", "/slash", "404"},
		{"a Handler that is no Mux", "put", "/opaque/a/b", "opaque *=a/b"},
		{"that Handler, at the mount", "put", "/opaque", "opaque *="},
		{"a Mux inside of a middleware", "get", "/wrapped/x", "m(wrapped *=)"},
		{"a Mux given to Handle routes the whole path", "get", "/whole/x", "whole x=x"},
	}
	var m handler.Mux
	m.Route("/u", func(m *handler.Mux) {
		m.Method("get", "/", says("list"))
		m.Method("get", "/{id}", says("user", "id", "*"))
	})
	m.Method("get", "/u/special", says("special"))
	m.Route("/deep/{a}", func(m *handler.Mux) {
		m.Route("/{b}", func(m *handler.Mux) { m.Handle("/{c}", says("deep", "a", "b", "c")) })
	})
	m.Route("/same/{id}", func(m *handler.Mux) { m.Handle("/{id}", says("same", "id")) })
	m.Route("/files", func(m *handler.Mux) { m.Handle("/*", says("files", "*")) })
	var root, wrapped, whole handler.Mux
	root.Handle("/at-root", says("at root"))
	m.Mount("/", &root)
	m.Route("/slash/", func(m *handler.Mux) { m.Handle("/x", says("slash")) })
	m.Mount("/opaque", says("opaque", "*"))
	wrapped.Handle("/x", says("wrapped", "*"))
	m.Mount("/wrapped", tags("m")(&wrapped))
	whole.Handle("/whole/{x}", says("whole", "x"))
	m.Handle("/whole/*", &whole)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			is.Equal(ask(&m, tt.method, tt.path), tt.want)
		})
	}
}

// A middleware may try again, at any level: each try routes from where the first one began.
func TestMountTwice(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	twice := func(next handler.Handler) handler.Handler {
		return handler.Func(func(ctx context.Context, r *handler.Request) (*handler.Response, error) {
			first, err := next.Serve(ctx, r)
			if err != nil {
				return nil, err
			}
			second, err := next.Serve(ctx, r)
			if err != nil {
				return nil, err
			}
			return handler.Text(first.Text() + ", " + second.Text() + " " + r.Pattern()), nil
		})
	}
	for _, level := range []int{0, 1, 2} {
		var m handler.Mux
		use := func(m *handler.Mux, at int) {
			if at == level {
				m.Use(twice)
			}
		}
		use(&m, 0)
		m.Route("/{a}", func(m *handler.Mux) {
			use(m, 1)
			m.Route("/{b}", func(m *handler.Mux) {
				use(m, 2)
				m.Handle("/{c}", says("x", "a", "b", "c"))
			})
		})
		is.Equal(ask(&m, "get", "/1/2/3"), "x a=1 b=2 c=3, x a=1 b=2 c=3 /{a}/{b}/{c}")
	}
}

// A handler that panicked leaves the Request fit for another try, as after a recovering middleware.
func TestMountAfterPanic(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	tries := 0
	var m handler.Mux
	m.Route("/{a}", func(m *handler.Mux) {
		m.Handle("/{b}", handler.Func(func(ctx context.Context, r *handler.Request) (*handler.Response, error) {
			if tries++; tries == 1 {
				panic("first")
			}
			return says("x", "a", "b").Serve(ctx, r)
		}))
	})
	r := &handler.Request{Path: "/1/2"}
	_, err := handler.Run(context.Background(), &m, r)
	is.True(err != nil)
	resp, err := handler.Run(context.Background(), &m, r)
	is.NoErr(err)
	is.Equal(resp.Text(), "x a=1 b=2")
}

// A handler may hand its Request to a Mux of its own, with another path.
func TestMuxRedirectInside(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var other, m handler.Mux
	other.Handle("/other/{x}", says("other", "x"))
	m.Route("/a", func(m *handler.Mux) {
		m.Handle("/{x}", handler.Func(func(ctx context.Context, r *handler.Request) (*handler.Response, error) {
			r.Path = "/other/y"
			return other.Serve(ctx, r)
		}))
	})
	is.Equal(ask(&m, "get", "/a/x"), "other x=y")
}

func TestMuxCloneRoutesAtTheSameTime(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	both := func(next handler.Handler) handler.Handler {
		return handler.Func(func(ctx context.Context, r *handler.Request) (*handler.Response, error) {
			c, done := r.Clone(), make(chan string)
			go func() {
				resp, _ := next.Serve(handler.NewContext(ctx, c), c)
				done <- resp.Text()
			}()
			resp, err := next.Serve(ctx, r)
			if err != nil {
				return nil, err
			}
			return handler.Text(resp.Text() + ", " + <-done), nil
		})
	}
	var m handler.Mux
	m.Route("/{a}", func(m *handler.Mux) {
		m.Use(both)
		m.Handle("/{b}", says("x", "a", "b"))
	})
	is.Equal(ask(&m, "get", "/1/2"), "x a=1 b=2, x a=1 b=2") // the race detector has nothing to say
}
