package web

import (
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5/middleware"

	"quartet/handler"
	"quartet/internal/printable"
)

// Text from outside is cut to so many bytes of a log line.
const (
	maxLoggedPath = 1024
	maxLoggedName = 256
)

// requestIDField is what HTTP calls the id of a request.
const requestIDField = "X-Request-Id"

// AccessLog returns a middleware for pages, in the form that chi's Use and With take. It writes one line for each request
// once it has been served:
//
//	level=INFO msg="http request" path=/reports/7 method=GET status=200 bytes_out=345 took=1.2ms
//	remote=192.0.2.1:1234 request_id=XJ4…
//
// path is the escaped one, without the query, which may hold what a log should not. bytes_out are those of the
// body. request_id is that of [RequestID], or of another middleware that answers X-Request-Id. Lines of status 400 and more
// have level WARN, of 500 and more ERROR, all others INFO. A page that panics is logged with what was written until then,
// or as a 500, with a cause, and goes on panicking. An upgrade whose page took over the connection without a status is
// logged as 101, when the page returns.
//
// What clients send holds no control character when it gets to log, whatever slog.Handler writes it, and is at most 1 KiB
// long. The ResponseWriter of the pages has the Flush, Hijack, Push and ReadFrom of the one outside, and Unwrap for
// http.ResponseController. For requests between services see package handler/middleware.
func AccessLog(log *slog.Logger) func(http.Handler) http.Handler {
	if log == nil {
		panic("web: AccessLog: nil Logger")
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			v := visit{
				WrapResponseWriter: middleware.NewWrapResponseWriter(w, r.ProtoMajor),
				request:            r, path: r.URL.EscapedPath(), method: r.Method, began: time.Now(),
			}
			ended := false
			defer func() { v.log(log, ended) }()
			next.ServeHTTP(v.WrapResponseWriter, r)
			ended = true
		})
	}
}

// visit is what AccessLog knows of a request; path and method are noted before a router can change them.
type visit struct {
	middleware.WrapResponseWriter
	request      *http.Request
	path, method string
	began        time.Time
}

// log writes the line. ended tells that the page returned, and did not panic.
func (v *visit) log(log *slog.Logger, ended bool) {
	ctx, status := v.request.Context(), v.status(ended)
	level := levelOf(status, ended)
	if !log.Enabled(ctx, level) {
		return
	}
	attrs := append(make([]slog.Attr, 0, 8),
		slog.String("path", printable.Cut(v.path, maxLoggedPath)),
		slog.String("method", printable.Cut(v.method, maxLoggedName)),
		slog.Int("status", status),
		slog.Int("bytes_out", v.BytesWritten()),
		slog.Duration("took", time.Since(v.began)),
		slog.String("remote", printable.Cut(v.request.RemoteAddr, maxLoggedName)))
	if id := v.requestID(); id != "" {
		attrs = append(attrs, slog.String("request_id", id))
	}
	if !ended {
		attrs = append(attrs, slog.String("cause", "the page panicked, or called runtime.Goexit"))
	}
	log.LogAttrs(ctx, level, "http request", attrs...)
}

// status is what the client sees.
func (v *visit) status(ended bool) int {
	switch {
	case v.Status() != 0:
		return v.Status()
	case !ended:
		return http.StatusInternalServerError
	case v.request.Header.Get("Upgrade") != "" && v.hijacked():
		return http.StatusSwitchingProtocols
	}
	return http.StatusOK
}

// hijacked asks net/http: a client's Upgrade alone says nothing about what the page did.
func (v *visit) hijacked() bool {
	_, err := v.Unwrap().Write(nil)
	return errors.Is(err, http.ErrHijacked)
}

func levelOf(status int, ended bool) slog.Level {
	switch {
	case status >= http.StatusInternalServerError || !ended:
		return slog.LevelError
	case status >= http.StatusBadRequest:
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

// requestID is the id that the client is told, or else that of the context; "" where there is none.
func (v *visit) requestID() string {
	if id := v.Header().Get(requestIDField); handler.ValidRequestID(id) {
		return id
	}
	t, _ := handler.TrailFrom(v.request.Context())
	return t.RequestID
}
