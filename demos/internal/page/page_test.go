package page_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/matryer/is"
	"go.uber.org/goleak"

	"quartet/demos/internal/page"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var own = fstest.MapFS{
	"pages/own.css":  {Data: []byte("p{}")},
	"pages/own.js":   {Data: []byte("1")},
	"pages/own.html": {Data: []byte(`{{template "head" .}}<p>{{.Text}}</p>{{template "foot" .}}`)},
}

func ask(method, path string, header ...string) *httptest.ResponseRecorder {
	pages := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusTeapot) })
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	page.Around(pages, own).ServeHTTP(w, r)
	return w
}

func TestAround(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		method, path string
		status       int
		contentType  string
	}{
		{"GET", "/", 418, ""},
		{"POST", "/any", 418, ""},
		{"GET", "/healthz", 200, "text/plain; charset=utf-8"},
		{"GET", "/assets/page.css", 200, "text/css; charset=utf-8"},
		{"GET", "/assets/icon.svg", 200, "image/svg+xml"},
		{"GET", "/assets/own.css", 200, "text/css; charset=utf-8"},
		{"GET", "/assets/own.js", 200, "text/javascript; charset=utf-8"},
		{"GET", "/assets/own.html", 418, ""}, // is no asset
	} {
		is := is.New(t)
		w := ask(c.method, c.path)
		is.Equal(w.Code, c.status)
		is.Equal(w.Header().Get("Content-Type"), c.contentType)
		is.True(strings.HasPrefix(w.Header().Get("Content-Security-Policy"), "default-src 'none';"))
		is.Equal(w.Header().Get("X-Content-Type-Options"), "nosniff")
	}
}

func TestAssetsAreRevalidated(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	first := ask("GET", "/assets/page.css")
	is.Equal(first.Header().Get("Cache-Control"), "no-cache") // may be kept, must be asked about
	is.Equal(ask("GET", "/assets/page.css", "If-None-Match", first.Header().Get("Etag")).Code, 304)
}

func TestOtherSitesCannotPost(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	is.Equal(ask("POST", "/", "Sec-Fetch-Site", "cross-site").Code, 403)
	is.Equal(ask("POST", "/", "Sec-Fetch-Site", "same-origin").Code, 418)
	is.Equal(ask("GET", "/", "Sec-Fetch-Site", "cross-site").Code, 418) // a link
}

func TestTemplates(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var out strings.Builder
	is.NoErr(page.Templates(own, "pages/*.html").ExecuteTemplate(&out, "own.html", struct {
		page.Head
		Text string
	}{page.Head{Program: "fanout", Title: "A <title>", Style: "own.css"}, "a <text>"}))
	html := out.String()
	for _, part := range []string{"<title>A &lt;title&gt;</title>", `href="/assets/page.css"`, `href="/assets/own.css"`, ">fanout<", "<p>a &lt;text&gt;</p>"} {
		is.True(strings.Contains(html, part))
	}
	is.True(!strings.Contains(html, "<script")) // it has none
}

func TestDuration(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0:                         "0.00 ms",
		1234 * time.Microsecond:   "1.23 ms",
		9996 * time.Microsecond:   "10.0 ms",
		99960 * time.Microsecond:  "100 ms",
		999400 * time.Microsecond: "999 ms",
		999600 * time.Microsecond: "1.00 s",
		12345 * time.Millisecond:  "12.3 s",
		4 * time.Minute:           "240 s",
	} {
		is := is.New(t)
		is.Equal(strings.ReplaceAll(page.Duration(d).String(), "\u00a0", " "), want)
		text, err := json.Marshal(page.Duration(d))
		is.NoErr(err)
		var back page.Duration
		is.NoErr(json.Unmarshal(text, &back))
		is.Equal(back.Milliseconds(), page.Duration(d).Milliseconds()) // milliseconds, both ways
	}
	is := is.New(t)
	is.Equal(page.Duration(1500*time.Microsecond).Milliseconds(), 1.5)
}
