package handler_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/matryer/is"

	"quartet/handler"
)

// example has a route of each kind, and neighbours that differ by little.
func example() *handler.Mux {
	var m handler.Mux
	m.Method("get", "/", says("root"))
	m.Method("get", "/a", says("a"))
	m.Method("post", "/a", says("post a"))
	m.Method("get", "/a/{id}", says("id", "id"))
	m.Method("get", "/a/new", says("new", "id"))
	m.Method("get", "/a/{id:[0-9]+}", says("number", "id"))
	m.Method("get", "/a/{id}/b/{name}.txt", says("file", "id", "name"))
	m.Method("get", "/f/*", says("rest", "*"))
	m.Method("head", "/own", says("head"))
	m.Method("get", "/own", says("get"))
	m.Method("request", "/r", says("request"))
	m.Handle("/any", says("any"))
	m.Handle("/any/{x}", says("any", "x"))
	m.Method("put", "/any/{y}", says("put", "x", "y"))
	m.Method("very-own", "/token", says("token"))
	return &m
}

func TestMux(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, method, path, want string }{
		{"the root", "get", "/", "root"},
		{"no path is the root", "get", "", "root"},
		{"fixed text", "get", "/a", "a"},
		{"the same path, another METHOD", "post", "/a", "post a"},
		{"a slash more", "get", "/a/", "404"},
		{"a letter more", "get", "/ab", "404"},
		{"capitals", "get", "/A", "404"},
		{"a parameter", "get", "/a/x", "id id=x"},
		{"text before a parameter", "get", "/a/new", "new id="},
		{"nearly that text", "get", "/a/newer", "id id=newer"},
		{"a regexp before a parameter", "get", "/a/12", "number id=12"},
		{"nearly that regexp", "get", "/a/12x", "id id=12x"},
		{"a parameter in the middle", "get", "/a/1/b/c.txt", "file id=1 name=c"},
		{"a parameter with another end", "get", "/a/1/b/c.txd", "404"},
		{"a parameter stays as it came", "get", "/a/%2F", "id id=%2F"},
		{"the rest", "get", "/f/x/y", "rest *=x/y"},
		{"an empty rest", "get", "/f/", "rest *="},
		{"no rest", "get", "/f", "404"},
		{"head falls back to get", "head", "/a/x", "id id=x"},
		{"head does not fall back to post", "head", "/own", "head"},
		{"get does not fall back to head", "get", "/own", "get"},
		{"no METHOD is request", "", "/r", "request"},
		{"request by name", "request", "/r", "request"},
		{"another METHOD", "get", "/r", "405 request"},
		{"no METHOD where request is not allowed", "", "/a", "405 get, head, post"},
		{"METHODs are not turned into lower case", "GET", "/a", "405 get, head, post"},
		{"every METHOD", "get", "/any", "any"},
		{"METHODs nobody has heard of", "frobnicate", "/any", "any"},
		{"a METHOD named elsewhere", "post", "/any", "any"},
		{"one METHOD before every METHOD", "put", "/any/1", "put x= y=1"},
		{"every METHOD beside it", "get", "/any/1", "any x=1"},
		{"head of every METHOD", "head", "/any/1", "any x=1"},
		{"a METHOD of one's own", "very-own", "/token", "token"},
		{"an unknown METHOD", "frobnicate", "/token", "405 very-own"},
		{"an unknown METHOD and path", "frobnicate", "/nothing", "404"},
		{"no leading slash", "get", "a", "404"},
	}
	m := example()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			is.Equal(ask(m, tt.method, tt.path), tt.want) // the right handler with the right parameters

			status, allowed := m.Match(tt.method, tt.path)
			if !strings.HasPrefix(tt.want, "40") {
				is.Equal(status, 200) // Match agrees
				return
			}
			is.Equal(strings.TrimSpace(fmt.Sprint(status, " ", strings.Join(allowed, ", "))), tt.want) // Match agrees
		})
	}
}

func TestMuxZeroValue(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var m handler.Mux
	is.Equal(ask(&m, "get", "/"), "404")
	is.Equal(m.Routes(), []handler.Route{}) // no routes at all, and that is told
	var asked handler.Mux
	status, _ := asked.Match("get", "/")
	is.Equal(status, 404) // Match needs no request before
}

func TestMuxErrorsWrapErrNoRoute(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	m := example()
	for path, status := range map[string]int{"/nothing": 404, "/token": 405} {
		_, err := m.Serve(context.Background(), &handler.Request{Path: path, Method: "get"})
		var e *handler.Error
		is.True(errors.As(err, &e))
		is.Equal(e.Status, status)
		is.True(errors.Is(err, handler.ErrNoRoute)) // by this the app knows that nobody handled it
	}
}

func TestMuxRegexpIsNeverEmpty(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var m handler.Mux
	m.Method("get", "/x{id:[0-9]+}/y", says("id", "id"))
	m.Method("get", "/{id:[0-9]+}/z", says("id", "id"))
	is.Equal(ask(&m, "get", "/x1/y"), "id id=1")
	is.Equal(ask(&m, "get", "/x/y"), "404") // chi matches this without asking the regexp
	is.Equal(ask(&m, "get", "//z"), "404")
	status, _ := m.Match("get", "/x/y")
	is.Equal(status, 404) // Match sees it as well
}

func TestMuxOrderOfRegistration(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var before, after handler.Mux
	before.Handle("/{x}", says("any"))
	before.Method("get", "/{y}", says("get"))
	after.Method("get", "/{y}", says("get"))
	after.Handle("/{x}", says("any"))
	for _, m := range []*handler.Mux{&before, &after} {
		is.Equal(ask(m, "get", "/1"), "get")  // one METHOD goes before every METHOD, whichever came first
		is.Equal(ask(m, "head", "/1"), "get") // also by way of head
		is.Equal(ask(m, "put", "/1"), "any")
	}
	for range 20 { // no order of a map may show
		var m handler.Mux
		m.Handle("/{a:[0-9]+}", says("first"))
		m.Handle("/{b:[0-9a-f]+}", says("second"))
		m.Method("get", "/other", says("other"))
		is.Equal(ask(&m, "get", "/12"), "first") // the regexp registered first wins
	}
}

func TestMuxMiddleware(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var m handler.Mux
	composed := 0
	m.Use(tags("a"), func(next handler.Handler) handler.Handler { composed++; return tags("b")(next) })
	m.Handle("/x", says("x"))
	w := m.With(tags("c"))
	w.Handle("/y", says("y"))
	w.With(tags("d"), tags("e")).Method("get", "/z", says("z"))
	u := m.With()
	u.Use(tags("f"))
	u.Handle("/u", says("u"))

	is.Equal(ask(&m, "get", "/x"), "a(b(x))")          // in order
	is.Equal(ask(&m, "get", "/y"), "a(b(c(y)))")       // With goes inside of Use
	is.Equal(ask(&m, "get", "/z"), "a(b(c(d(e(z)))))") // With of With adds
	is.Equal(ask(&m, "get", "/u"), "a(b(f(u)))")       // Use of With is for its own routes
	is.Equal(ask(w, "get", "/x"), "a(b(x))")           // to serve with With is to serve with the Mux
	is.Equal(composed, 1)                              // put together once, not for every request
	_, err := m.Serve(context.Background(), &handler.Request{Path: "/nothing"})
	is.True(strings.HasPrefix(err.Error(), "a(b(404")) // middlewares see the 404 too
}

func TestMuxNotFound(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var m handler.Mux
	m.With(tags("w")).NotFound(says("none"))
	m.Method("get", "/a", says("a"))
	m.Route("/sub", func(m *handler.Mux) { m.Method("get", "/b", says("b")) })
	own := m.Route("/own", func(m *handler.Mux) { m.NotFound(says("own")) })
	own.Route("/deep", func(m *handler.Mux) { m.Method("get", "/c", says("c")) })

	is.Equal(ask(&m, "get", "/x"), "w(none)")     // inside of the middlewares of With
	is.Equal(ask(&m, "get", "/sub/x"), "w(none)") // a mounted Mux uses it too
	is.Equal(ask(&m, "get", "/own/x"), "own")     // unless it has its own
	is.Equal(ask(&m, "get", "/own/deep/x"), "own")
	is.Equal(ask(&m, "post", "/a"), "405 get, head") // 405 is another matter
	status, _ := m.Match("get", "/x")
	is.Equal(status, 200) // somebody answers

	var late handler.Mux
	late.Route("/sub", func(m *handler.Mux) {
		m.Route("/deep", func(m *handler.Mux) { m.Method("get", "/c", says("c")) })
	})
	late.NotFound(says("late"))
	is.Equal(ask(&late, "get", "/sub/x"), "late") // also when it comes after the mount
	is.Equal(ask(&late, "get", "/sub/deep/x"), "late")
}

func TestMuxPattern(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	seen := ""
	log := func(next handler.Handler) handler.Handler {
		return handler.Func(func(ctx context.Context, r *handler.Request) (*handler.Response, error) {
			before := r.Pattern()
			resp, err := next.Serve(ctx, r)
			seen = before + " -> " + r.Pattern() + " id=" + r.Param("id")
			return resp, err
		})
	}
	var m handler.Mux
	m.Use(log)
	m.Method("get", "/a/{id}", says("a"))
	m.Route("/s/{id}", func(m *handler.Mux) {
		m.Method("get", "/", says("s"))
		m.Route("/t", func(m *handler.Mux) { m.Method("get", "/{x}", says("t")) })
	})
	m.Mount("/o", says("o"))
	for path, want := range map[string]string{
		"/a/1":     " -> /a/{id} id=1",
		"/s/1":     " -> /s/{id}/ id=1",
		"/s/1/t/2": " -> /s/{id}/t/{x} id=1",
		"/o/1/2":   " -> /o/* id=",
		"/none":    " ->  id=",
	} {
		ask(&m, "get", path)
		is.Equal(seen, want) // what was taken can be logged afterwards
	}
}

func TestMuxIsForManyGoroutines(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	m := example()
	m.Route("/s/{id}", func(m *handler.Mux) { m.Method("get", "/{name}", says("s", "id", "name")) })
	errs := make(chan string, 8)
	var group sync.WaitGroup
	for g := range cap(errs) {
		group.Go(func() {
			for i := range 500 {
				path, want := fmt.Sprintf("/s/%d/n%d", g, i), fmt.Sprintf("s id=%d name=n%d", g, i)
				if got := ask(m, "get", path); got != want {
					errs <- got + " instead of " + want
					return
				}
			}
		})
	}
	group.Wait()
	close(errs)
	for err := range errs {
		is.Fail() // no request sees the parameters of another
		t.Log(err)
	}
}
