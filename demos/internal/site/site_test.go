package site_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"quartet/demos/internal/site"
	"quartet/demos/internal/slow"
	"quartet/handler"
	"quartet/service"
)

// fake is Work that a test plays.
type fake struct {
	sync  func(ctx context.Context, delay time.Duration) (string, error)
	async func(ctx context.Context, delay time.Duration) (string, error)
}

func (f fake) Sync(ctx context.Context, d time.Duration) (string, error)  { return f.sync(ctx, d) }
func (f fake) Async(ctx context.Context, d time.Duration) (string, error) { return f.async(ctx, d) }

// echo answers with the delay it was ordered.
func echo(_ context.Context, delay time.Duration) (string, error) { return delay.String(), nil }

func newSite(work site.Work) *site.Site {
	return &site.Site{Name: "test", Away: true, Work: work, Receipts: new(site.Receipts),
		Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
}

func get(h http.Handler, path, accept string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("Accept", accept)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestPages(t *testing.T) {
	t.Parallel()
	const browser = "text/html,*/*;q=0.8"
	h := newSite(fake{echo, echo}).Handler()
	for _, c := range []struct {
		path, accept string
		status       int
		contentType  string
		contains     string
	}{
		{"/", browser, 200, "text/html; charset=utf-8", `<a href="/service/sync">/service/sync</a>`},
		{"/", browser, 200, "text/html; charset=utf-8", `<a href="/service/async">/service/async</a>`},
		{"/?delay=1s", "application/json", 200, "text/html; charset=utf-8", "Nothing yet."},
		{"/service/sync?delay=10ms", browser, 200, "text/html; charset=utf-8", "<h1>10ms</h1>"},
		{"/service/sync?delay=10ms", "", 200, "text/html; charset=utf-8", "<h1>10ms</h1>"},
		{"/service/sync?delay=10ms", "application/json", 200, "application/json", `"call":"sync","status":200,"text":"10ms"`},
		{"/service/sync", "application/json", 200, "application/json", `"text":"-1ns"`}, // slow.Own
		{"/service/async?delay=60s", "application/json", 200, "application/json", `"id":"1m0s"`},
		{"/service/async", browser, 200, "text/html; charset=utf-8", "On its way."},
		{"/service/sync?delay=61s", browser, 400, "text/html; charset=utf-8", "at most 60s"},
		{"/service/async?delay=soon", "application/json", 400, "application/json", `delay \"soon\"`},
		{"/receipts", browser, 200, "application/json", "[]"},
		{"/healthz", browser, 200, "text/plain; charset=utf-8", "ok\n"},
		{"/readyz", browser, 200, "text/plain; charset=utf-8", "ready\n"},
		{"/assets/site.css", browser, 200, "text/css; charset=utf-8", "prefers-color-scheme: dark"},
		{"/assets/site.js", browser, 200, "text/javascript; charset=utf-8", `"use strict"`},
		{"/assets/icon.svg", browser, 200, "image/svg+xml", "<svg"},
		{"/assets/", browser, 404, "text/html; charset=utf-8", "There is no such page."},
		{"/nowhere", "application/json", 404, "application/json", `"status":404`},
	} {
		t.Run(c.path+" "+c.accept, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			w := get(h, c.path, c.accept)
			is.Equal(w.Code, c.status)
			is.Equal(w.Header().Get("Content-Type"), c.contentType)
			is.True(strings.Contains(w.Body.String(), c.contains)) // the page shows it
			is.True(w.Header().Get("Content-Security-Policy") != "")
			is.Equal(w.Header().Get("X-Frame-Options"), "DENY")
		})
	}
}

func TestMethods(t *testing.T) {
	t.Parallel()
	h := newSite(fake{echo, echo}).Handler()
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW"} {
		for _, path := range []string{"/", "/service/sync", "/nowhere"} {
			is := is.New(t)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
			is.Equal(w.Code, 405)
			is.Equal(w.Header().Get("Allow"), "GET, HEAD")
		}
	}
	is := is.New(t)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodHead, "/service/sync", nil))
	is.Equal(w.Code, 200)
	is.Equal(w.Body.Len(), 0) // HEAD has no body
}

func TestFailuresAreShown(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err      error
		status   int
		contains string
	}{
		{&handler.Error{Err: service.ErrUnavailable}, 503, "the service is not available"},
		{service.ErrTimeout, 504, "not done in time"},
		{&handler.Error{Status: 409, Reason: "not <now>", Remote: true}, 409, "not &lt;now&gt;"},
		{errors.New("secret detail"), 500, "Internal Server Error"},
	} {
		failing := func(context.Context, time.Duration) (string, error) { return "", c.err }
		h := newSite(fake{failing, failing}).Handler()
		for _, path := range []string{"/service/sync", "/service/async"} {
			is := is.New(t)
			w := get(h, path, "text/html")
			is.Equal(w.Code, c.status)
			is.True(strings.Contains(w.Body.String(), c.contains))
			is.True(!strings.Contains(w.Body.String(), "secret detail"))
		}
	}
}

func TestReceiptsAreShownEscapedNewestFirst(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s := newSite(fake{echo, echo})
	for i := range 225 {
		s.Receipts.Add(site.Receipt{Path: slow.Path, Method: "response", Status: i, Text: "<b>"})
	}
	var list []site.Receipt
	is.NoErr(json.Unmarshal(get(s.Handler(), "/receipts", "").Body.Bytes(), &list))
	is.Equal(len(list), 200) // bounded
	is.Equal(list[0].Status, 224)
	is.Equal(list[199].Status, 25)
	home := get(s.Handler(), "/", "").Body.String()
	is.True(strings.Contains(home, "<td>224</td><td>&lt;b&gt;</td>"))
	is.Equal(strings.Count(home, "<td>&lt;b&gt;</td>"), 20) // the page begins with a few
}

func TestReady(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s := newSite(fake{echo, echo})
	ready := service.ErrUnavailable
	s.Ready = func(ctx context.Context) error {
		_, bounded := ctx.Deadline()
		is.True(bounded) // a probe is not kept waiting
		return ready
	}
	h := s.Handler()
	w := get(h, "/readyz", "")
	is.Equal(w.Code, 503)
	is.Equal(w.Header().Get("Retry-After"), "1")
	is.Equal(get(h, "/healthz", "").Code, 200) // alive all the same
	ready = nil
	is.Equal(get(h, "/readyz", "").Code, 200)
	s.Drain(t.Context())
	is.Equal(get(h, "/readyz", "").Code, 503)
}

func TestDrainWaitsForPagesUnderWay(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	started, finish := make(chan struct{}), make(chan struct{})
	s := newSite(fake{sync: func(context.Context, time.Duration) (string, error) {
		close(started)
		<-finish
		return "finished", nil
	}})
	h := s.Handler()
	page := make(chan *httptest.ResponseRecorder)
	go func() { page <- get(h, "/service/sync", "application/json") }()
	<-started

	impatient, cancel := context.WithCancel(t.Context())
	cancel()
	s.Drain(impatient) // gives up, but the gate stays shut
	is.Equal(get(h, "/readyz", "").Code, 503)
	w := get(h, "/service/sync", "")
	is.Equal(w.Code, 503) // a new call is refused
	is.Equal(w.Header().Get("Retry-After"), "1")

	drained := make(chan struct{})
	go func() { s.Drain(context.Background()); close(drained) }()
	close(finish)
	is.True(strings.Contains((<-page).Body.String(), "finished")) // what had begun is answered
	<-drained
}
