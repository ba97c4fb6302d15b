package handler_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/go-chi/chi/v5"

	"quartet/handler"
)

// benchMux has a hundred routes beside those that are asked for.
func benchMux() *handler.Mux {
	h := returns(&handler.Response{}, nil)
	var m handler.Mux
	for i := range 50 {
		m.Method("get", fmt.Sprintf("/static/%d", i), h)
		m.Method("post", fmt.Sprintf("/dynamic/%d/{id}", i), h)
	}
	m.Method("get", "/service/slow", h)
	m.Method("get", "/reports/{id}/pages/{page}", h)
	m.Method("get", "/numbers/{id:[0-9]+}", h)
	m.Method("get", "/files/*", h)
	m.Route("/mounted", func(m *handler.Mux) { m.Method("get", "/service/slow", h) })
	return &m
}

var benchPaths = []struct{ name, method, path string }{
	{"static", "get", "/service/slow"},
	{"head", "head", "/service/slow"},
	{"params", "get", "/reports/7/pages/12"},
	{"regexp", "get", "/numbers/12"},
	{"rest", "get", "/files/a/b/c"},
	{"mounted", "get", "/mounted/service/slow"},
	{"404", "get", "/service/fast"},
	{"405", "put", "/service/slow"},
}

func BenchmarkMux(b *testing.B) {
	m, ctx := benchMux(), context.Background()
	for _, bb := range benchPaths {
		b.Run(bb.name, func(b *testing.B) {
			r := &handler.Request{Method: bb.method, Path: bb.path}
			b.ReportAllocs()
			for b.Loop() {
				_, _ = m.Serve(ctx, r)
			}
		})
	}
	b.Run("parallel", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			r := &handler.Request{Method: "get", Path: "/service/slow"}
			for pb.Next() {
				_, _ = m.Serve(ctx, r)
			}
		})
	})
	b.Run("plain chi", func(b *testing.B) { // for comparison: what the same route costs in chi over net/http
		m := chi.NewMux()
		m.Get("/service/slow", func(http.ResponseWriter, *http.Request) {})
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/service/slow", nil)
		b.ReportAllocs()
		for b.Loop() {
			m.ServeHTTP(w, r)
		}
	})
}

func BenchmarkMatcher(b *testing.B) {
	m, err := handler.NewMatcher(benchMux().Routes())
	if err != nil {
		b.Fatal(err)
	}
	for _, bb := range benchPaths {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				m.Match(bb.method, bb.path)
			}
		})
	}
}

func BenchmarkRun(b *testing.B) {
	ctx := context.Background()
	type input struct {
		ID   int    `param:"id"`
		Name string `arg:"name"`
		X    int    `json:"x"`
	}
	handlers := []struct {
		name string
		h    handler.Handler
	}{
		{"func", returns(&handler.Response{}, nil)},
		{"bymethod", handler.ByMethod(func() *page { return &page{} })},
		{"typed", handler.Typed(func(_ context.Context, in input) (int, error) { return in.X, nil })},
	}
	req, err := handler.NewRequest("/a", map[string]any{"x": 3})
	if err != nil {
		b.Fatal(err)
	}
	req.Method, req.Args = "get", map[string]string{"name": "n"}
	req.SetParam("id", "7")
	for _, bb := range handlers {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := handler.Run(ctx, bb.h, req); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
