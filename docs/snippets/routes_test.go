package snippets

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/matryer/is"

	"quartet/handler"
	"quartet/handler/middleware"
	"quartet/service"
	"quartet/service/servicetest"
)

// TestRoutes: what HANDLERS.md says of Mux, ByMethod, Typed and errors.
func TestRoutes(t *testing.T) {
	t.Parallel()
	mux := newShelf().routes(slog.New(slog.NewTextHandler(io.Discard, nil)))
	for _, c := range []struct {
		method, path, body string
		args               map[string]string
		status             int
		says               string // text of the answer, or reason of the error
	}{
		{method: "get", path: "/reports/7", status: 200},
		{method: "head", path: "/reports/7", status: 200},
		{method: "lend", path: "/reports/7", status: 200, says: "lent 7"},
		{path: "/reports/7", status: 405, says: "METHOD not allowed"}, // request
		{method: "get", path: "/reports/8", status: 404, says: "no report 8"},
		{method: "get", path: "/reports/broken", status: 500, says: "internal error"},
		{method: "get", path: "/report/7", status: 404, says: "no such path"},
		{method: "get", path: "/reports/7/", status: 404, says: "no such path"},
		{method: "get", path: "/reports/%37", status: 404, says: "no report %37"}, // a path is not unescaped
		{method: "get", path: "/drafts/7", status: 200},
		{method: "get", path: "/drafts/8", status: 500, says: "internal error"},
		{method: "put", path: "/drafts/7", body: `{"title":"7"}`, status: 204},
		{method: "put", path: "/drafts/7", body: `{`, status: 400},
		{method: "delete", path: "/drafts/7", status: 405, says: "METHOD not allowed"},
		{method: "options", path: "/drafts/7", status: 200},
		{method: "post", path: "/years/2026", body: `{"title":"A","pages":3}`, status: 200, says: `{"title":"A (2026)","pages":3}`},
		{method: "post", path: "/years/2026/", body: `{"title":"A"}`, status: 200},
		{method: "post", path: "/years/2026", body: `{}`, status: 400, says: "a report needs a title"},
		{method: "post", path: "/years/2026", body: `{"title":"A"}`, args: map[string]string{"draft": "yes please"}, status: 400},
		{method: "post", path: "/years/26", status: 404},
		{method: "anything", path: "/years/2026/files/a/b", status: 200, says: "2026: a/b"},
	} {
		t.Run(c.method+" "+c.path, func(t *testing.T) {
			is := is.New(t)
			r := &handler.Request{Method: c.method, Path: c.path, Body: []byte(c.body), Args: c.args}
			r.SetHeader("content-type", "application/json")
			resp, err := handler.Run(t.Context(), mux, r)
			if err != nil {
				resp = handler.ErrorResponse(err)
				is.True(c.says == "" || resp.Reason == c.says)
			} else {
				is.True(c.says == "" || resp.Text() == c.says)
			}
			is.Equal(resp.Code(), c.status)
		})
	}
}

// TestDifferencesFromChi: those that HANDLERS.md lists, on either side.
func TestDifferencesFromChi(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	page := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }
	}
	ask := func(h http.Handler, method, path string) string {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
		return fmt.Sprint(w.Code, " ", w.Body)
	}
	router := chi.NewRouter()
	router.Get("/a", page("first"))
	router.Get("/a", page("second"))
	router.Get("/b", page("get"))
	router.Handle("/b", page("any"))
	is.Equal(ask(router, "GET", "/a"), "200 second")
	is.Equal(ask(router, "GET", "/b"), "200 any")
	is.True(strings.HasPrefix(ask(router, "HEAD", "/a"), "405"))
	is.True(strings.HasPrefix(ask(router, "BREW", "/b"), "405"))
	router.Get("/c", page("late"))
	is.Equal(ask(router, "GET", "/c"), "200 late")

	var mux handler.Mux
	mux.Method("get", "/a", says("first"))
	is.True(panics(func() { mux.Method("get", "/a", says("second")) }))
	mux.Method("get", "/b", says("get"))
	mux.Handle("/b", says("any"))
	for method, want := range map[string]string{"get": "get", "head": "get", "brew": "any"} {
		resp, err := mux.Serve(t.Context(), &handler.Request{Method: method, Path: "/b"})
		is.NoErr(err)
		var text string
		is.NoErr(resp.Bind(&text))
		is.Equal(text, want)
	}
	is.True(panics(func() { mux.Method("get", "/c", says("late")) }))
}

func panics(f func()) (did bool) {
	defer func() { did = recover() != nil }()
	f()
	return false
}

func TestLayers(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var log bytes.Buffer
	mux := layers(slog.New(slog.NewTextHandler(&log, nil)), says(strings.Repeat("again ", 1000)))
	r := &handler.Request{Method: "get", Path: "/exports/7"}
	_, err := mux.Serve(t.Context(), r)
	is.Equal(handler.ErrorResponse(err).Reason, "which tenant?")
	is.True(strings.Contains(log.String(), "status=400"))

	r.Args = map[string]string{"tenant": "a"}
	r.SetHeader("accept-encoding", "gzip")
	resp, err := mux.Serve(t.Context(), r)
	is.NoErr(err)
	is.True(len(resp.Body) < 1000)
	var text string
	is.NoErr(resp.Bind(&text))
	is.Equal(len(text), 6000)
}

// TestRoutesAreTold: a Mux that stands inside of something else keeps its routes to itself.
func TestRoutesAreTold(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var asked []string
	seen := func(next handler.Handler) handler.Handler {
		return handler.Func(func(ctx context.Context, r *handler.Request) (*handler.Response, error) {
			asked = append(asked, r.Path)
			return next.Serve(ctx, r)
		})
	}
	var inside, plain handler.Mux
	inside.Use(seen)
	inside.Handle("/a", says("a"))
	plain.Handle("/a", says("a"))
	for name, h := range map[string]handler.Handler{"inside": &inside, "outside": handler.Chain(seen, middleware.Recoverer(nil))(&plain)} {
		asked = nil
		client := servicetest.New(t, name, h)
		_, err := service.Invoke[string](t.Context(), client, name, "/b", nil)
		is.Equal(handler.StatusOf(err), 404)
		is.Equal(len(asked) == 1, name == "outside") // only then the request has travelled
		is.Equal(errors.Is(err, handler.ErrNoRoute), name == "inside")
	}
}
