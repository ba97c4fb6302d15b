package site_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/matryer/is"

	"quartet/demos/internal/site"
	"quartet/service"
)

func TestDoorPassesEverythingOn(t *testing.T) {
	t.Parallel()
	door := &site.Door{Pages: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Asked", r.Method+" "+r.RequestURI)
		w.WriteHeader(http.StatusTeapot)
	})}
	h := door.Handler()
	for _, c := range []struct{ method, target string }{
		{"GET", "/"}, {"POST", "/"}, {"BREW", "/pot?x=%zz"}, {"GET", "/a%2Fb//../c"}, {"GET", "/healthz/"}, {"OPTIONS", "/Readyz"},
	} {
		is := is.New(t)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(c.method, c.target, nil))
		is.Equal(w.Code, http.StatusTeapot)
		is.Equal(w.Header().Get("X-Asked"), c.method+" "+c.target) // as it came
		is.Equal(len(w.Header()), 1)                               // and nothing was added to the answer
	}
}

func TestDoorAnswersForItself(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	ready := service.ErrUnavailable
	door := &site.Door{Pages: http.NotFoundHandler(), Ready: func(context.Context) error { return ready }}
	h := door.Handler()
	is.Equal(get(h, "/healthz", "").Code, 200)
	w := get(h, "/readyz", "")
	is.Equal(w.Code, 503)
	is.Equal(w.Header().Get("Retry-After"), "1")
	ready = nil
	is.Equal(get(h, "/readyz", "").Code, 200)
	w = httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/readyz", nil))
	is.Equal(w.Code, 405)
}

func TestDoorDrains(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	started, finish := make(chan struct{}), make(chan struct{})
	door := &site.Door{Pages: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			close(started)
			<-finish
		}
	}), Ready: func(context.Context) error { return nil }}
	h := door.Handler()
	page := make(chan *httptest.ResponseRecorder)
	go func() { page <- get(h, "/slow", "") }()
	<-started
	drained, told := make(chan struct{}), time.Now()
	go func() { door.Drain(context.Background()); close(drained) }()
	for get(h, "/readyz", "").Code == 200 { // until the door says that it will be shut
	}
	for get(h, "/", "").Code == 200 { // who has not noticed is served for a while
	}
	is.True(time.Since(told) >= site.Farewell)
	w := get(h, "/", "")
	is.Equal(w.Code, 503) // then nobody else comes in
	is.Equal(w.Header().Get("Retry-After"), "1")
	is.Equal(get(h, "/healthz", "").Code, 200)
	close(finish)
	is.Equal((<-page).Code, 200) // who was inside is served
	<-drained
}
