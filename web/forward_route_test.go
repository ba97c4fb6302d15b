package web_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/matryer/is"

	"quartet/handler"
	"quartet/web"
)

// TestForwardToAnotherPathIsRoutedByIt: what the app's routers had found out about the first path says nothing about
// the second.
func TestForwardToAnotherPathIsRoutedByIt(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	inner := chi.NewRouter()
	inner.Get("/public", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "public") })
	inner.Get("/secret/{id}", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "secret "+chi.URLParam(r, "id")) })
	c := couple(t, always(handler.Func(func(_ context.Context, r *handler.Request) (*handler.Response, error) {
		return handler.Forward("b", "/public"), nil // whatever was asked
	})), always(web.Serve(inner)))
	outer := chi.NewRouter()
	outer.Mount("/x", web.Offload(c, "a"))
	is.Equal(visit(outer, "GET", "/x/secret/7").Body.String(), "public")
}

// TestTraceOfThePage: a trace that the app has begun goes before the one that the client has sent.
func TestTraceOfThePage(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	const client, span = "00-11111111111111111111111111111111-1111111111111111-01", "00-11111111111111111111111111111111-2222222222222222-01"
	c := couple(t, always(handler.Func(func(_ context.Context, r *handler.Request) (*handler.Response, error) {
		return handler.Text(r.Trail().TraceParent), nil
	})), always(text("unused")))
	h := web.Offload(c, "a")
	for _, e := range []struct{ own, want string }{{span, span}, {"", client}} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Traceparent", client)
		if e.own != "" {
			r = r.WithContext(handler.WithTrail(r.Context(), handler.Trail{TraceParent: e.own}))
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		is.Equal(w.Body.String(), e.want)
	}
}

// TestAccessLogOfAnUpgradeThatWasNone: a client cannot choose what is logged.
func TestAccessLogOfAnUpgradeThatWasNone(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var out bytes.Buffer
	log := web.AccessLog(slog.New(slog.NewTextHandler(&out, nil)))
	s := httptest.NewServer(log(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})))
	r, err := http.NewRequest("GET", s.URL, nil)
	is.NoErr(err)
	r.Header.Set("Upgrade", "x")
	resp, err := s.Client().Do(r)
	is.NoErr(err)
	resp.Body.Close()
	s.Close()
	is.Equal(resp.StatusCode, 200)
	is.True(bytes.Contains(out.Bytes(), []byte("status=200"))) // what the client got
}
