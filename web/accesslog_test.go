package web_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/go-chi/chi/v5"
	"github.com/matryer/is"

	"quartet/handler"
	"quartet/web"
)

// accessLine is what one line of the access log says.
type accessLine struct {
	level slog.Level
	attrs map[string]string
}

// accessLines is a slog.Handler that escapes nothing.
type accessLines chan accessLine

func (l accessLines) Enabled(context.Context, slog.Level) bool { return true }
func (l accessLines) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l accessLines) WithGroup(string) slog.Handler            { return l }

func (l accessLines) Handle(_ context.Context, r slog.Record) error {
	line := accessLine{r.Level, map[string]string{}}
	r.Attrs(func(a slog.Attr) bool {
		line.attrs[a.Key] = a.Value.String()
		return true
	})
	l <- line
	return nil
}

// visited is the line about one request.
func visited(t *testing.T, page http.HandlerFunc, r *http.Request) accessLine {
	t.Helper()
	lines := make(accessLines, 2)
	func() {
		defer func() { _ = recover() }()
		web.AccessLog(slog.New(lines))(page).ServeHTTP(httptest.NewRecorder(), r)
	}()
	if len(lines) != 1 {
		t.Fatalf("%d lines, want one", len(lines))
	}
	line := <-lines
	if line.attrs["took"] == "" {
		t.Error("the line does not say how long it took")
	}
	delete(line.attrs, "took")
	return line
}

func TestAccessLog(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		page                 http.HandlerFunc
		level                slog.Level
		status, bytes, cause string
	}{
		"nothing written":    {func(http.ResponseWriter, *http.Request) {}, slog.LevelInfo, "200", "0", ""},
		"text":               {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }, slog.LevelInfo, "200", "5", ""},
		"a redirect":         {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(303) }, slog.LevelInfo, "303", "0", ""},
		"a hint, then 404":   {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(103); w.WriteHeader(404) }, slog.LevelWarn, "404", "0", ""},
		"an error":           {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "away", http.StatusServiceUnavailable) }, slog.LevelError, "503", "5", ""},
		"a panic":            {func(http.ResponseWriter, *http.Request) { panic("boom") }, slog.LevelError, "500", "0", "the page panicked, or called runtime.Goexit"},
		"a panic after that": {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello"); panic("boom") }, slog.LevelError, "200", "5", "the page panicked, or called runtime.Goexit"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			r := httptest.NewRequest("GET", "/a%2Fb/%0A?secret=1", nil)
			line := visited(t, tt.page, r)
			is.Equal(line.level, tt.level)
			want := map[string]string{
				"path": "/a%2Fb/%0A", "method": "GET", "status": tt.status, "bytes_out": tt.bytes, "remote": "192.0.2.1:1234",
			}
			if tt.cause != "" {
				want["cause"] = tt.cause
			}
			is.Equal(line.attrs, want) // and not the query
		})
	}
}

func TestAccessLogLetsPanicsPass(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	defer func() { is.Equal(recover(), http.ErrAbortHandler) }() // for net/http, which then cuts the connection
	web.AccessLog(slog.New(slog.DiscardHandler))(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		panic(http.ErrAbortHandler)
	})).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
}

// TestAccessLogIsOneCleanLine whatever clients send, and whoever writes the log.
func TestAccessLogIsOneCleanLine(t *testing.T) {
	t.Parallel()
	obeyed := func(r rune) bool {
		return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029'
	}
	var evil strings.Builder
	for r := range rune(0x2070) {
		if obeyed(r) {
			evil.WriteRune(r)
		}
	}
	evil.WriteString("\xff\xc3(")
	for _, bad := range []string{evil.String(), strings.Repeat("\x1b\u202ex", 1<<18)} {
		r := httptest.NewRequest("GET", "/", nil)
		r.URL = &url.URL{Path: "/" + bad, RawPath: "/" + bad, RawQuery: bad}
		r.Method, r.RemoteAddr, r.Host = bad, bad, bad
		for _, name := range []string{bad, "X-Request-Id", "Traceparent", "User-Agent", "Referer"} {
			r.Header[name] = []string{bad}
		}
		page := func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Request-Id", bad) }
		for name, value := range visited(t, page, r).attrs {
			if strings.ContainsFunc(value, obeyed) || strings.ToValidUTF8(value, "") != value || len(value) > 1024 {
				t.Errorf("%s is raw or long: %.100q", name, value)
			}
		}
		var text bytes.Buffer
		log := slog.New(slog.NewJSONHandler(&text, nil))
		web.AccessLog(log)(http.HandlerFunc(page)).ServeHTTP(httptest.NewRecorder(), r)
		if line, ended := strings.CutSuffix(text.String(), "\n"); !ended || strings.ContainsFunc(line, obeyed) {
			t.Errorf("not one clean line: %.200q", line)
		}
	}
}

// TestAccessLogHidesNothing: what net/http's ResponseWriter can do, the one of a page can.
func TestAccessLogHidesNothing(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	lines := make(accessLines, 1)
	flushed := make(chan struct{})
	router := chi.NewRouter()
	router.Use(web.AccessLog(slog.New(lines)))
	router.Get("/flush", func(w http.ResponseWriter, r *http.Request) {
		is.NoErr(http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Minute))) // by Unwrap
		_, _ = io.WriteString(w, "one\n")
		w.(http.Flusher).Flush()
		<-flushed // the client has the first line
		_, _ = io.WriteString(w, "two\n")
	})
	router.Get("/copy", func(w http.ResponseWriter, r *http.Request) {
		_, ok := w.(io.ReaderFrom)
		is.True(ok) // files go out by sendfile
		_, err := io.Copy(w, strings.NewReader("12345"))
		is.NoErr(err)
	})
	router.Get("/hijack", func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		is.NoErr(err)
		defer conn.Close()
		fmt.Fprint(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: own\r\nConnection: Upgrade\r\n\r\n")
	})
	server := httptest.NewServer(router)
	defer server.Close()
	get := func(path, upgrade string) *http.Response {
		req, err := http.NewRequestWithContext(t.Context(), "GET", server.URL+path, nil)
		is.NoErr(err)
		if upgrade != "" {
			req.Header.Set("Connection", "Upgrade")
			req.Header.Set("Upgrade", upgrade)
		}
		resp, err := server.Client().Do(req)
		is.NoErr(err)
		return resp
	}

	resp := get("/flush", "")
	body := bufio.NewReader(resp.Body)
	first, err := body.ReadString('\n')
	is.NoErr(err)
	is.Equal(first, "one\n") // before the page has ended
	close(flushed)
	_, _ = io.Copy(io.Discard, body)
	is.NoErr(resp.Body.Close())
	is.Equal((<-lines).attrs["bytes_out"], "8")

	resp = get("/copy", "")
	is.NoErr(resp.Body.Close())
	is.Equal((<-lines).attrs["bytes_out"], "5")

	resp = get("/hijack", "own")
	is.NoErr(resp.Body.Close())
	is.Equal(resp.StatusCode, 101)
	is.Equal((<-lines).attrs["status"], "101")
}

// TestAccessLogAndRequestID find each other in either order, and in a context that had an id before.
func TestAccessLogAndRequestID(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	page := func(http.ResponseWriter, *http.Request) {}
	for _, order := range []func(log func(http.Handler) http.Handler) http.Handler{
		func(log func(http.Handler) http.Handler) http.Handler {
			return web.RequestID(log(http.HandlerFunc(page)))
		},
		func(log func(http.Handler) http.Handler) http.Handler {
			return log(web.RequestID(http.HandlerFunc(page)))
		},
	} {
		lines := make(accessLines, 1)
		answer := httptest.NewRecorder()
		order(web.AccessLog(slog.New(lines))).ServeHTTP(answer, httptest.NewRequest("GET", "/", nil))
		id := (<-lines).attrs["request_id"]
		is.True(handler.ValidRequestID(id))
		is.Equal(answer.Header().Get("X-Request-Id"), id)
	}
	r := httptest.NewRequest("GET", "/", nil)
	r = r.WithContext(handler.WithTrail(r.Context(), handler.Trail{RequestID: "event-1"}))
	is.Equal(visited(t, page, r).attrs["request_id"], "event-1")
}

func TestAccessLogNeedsALogger(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	defer func() { is.Equal(recover(), "web: AccessLog: nil Logger") }()
	web.AccessLog(nil)
}
