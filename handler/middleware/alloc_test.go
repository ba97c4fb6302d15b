//go:build !race

package middleware_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/handler/middleware"
)

// TestAlloc: what a middleware has nothing to do for costs nothing.
func TestAlloc(t *testing.T) {
	is := is.New(t)
	errorsOnly := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
	resp := handler.Text("x")
	count := func(mw handler.Middleware) float64 {
		h, r := mw(returns(resp, nil)), from(app)
		r.Header[idHeader] = []string{"event-1"}
		r.Header["accept-encoding"] = []string{"gzip"}
		ctx := handler.NewContext(context.Background(), r)
		return testing.AllocsPerRun(200, func() { _, _ = h.Serve(ctx, r) })
	}
	is.Equal(count(middleware.RequestID()), 0.0)                             // an id is there
	is.Equal(count(middleware.AccessLog(errorsOnly)), 0.0)                   // nobody wants the line
	is.Equal(count(middleware.Recoverer(nil)), 0.0)                          // no panic
	is.Equal(count(middleware.RateLimit(1e9, 1e9)), 0.0)                     // a caller that is known
	is.Equal(count(middleware.ThrottleBacklog(1, 10, time.Second)), 0.0)     // a free turn
	is.Equal(count(middleware.Compress(1400)), 0.0)                          // a small answer
	is.True(count(middleware.Timeout(time.Hour)) <= 6)                       // the context and its timer
	is.True(count(middleware.AccessLog(slog.New(discard{}))) <= 4)           // a line: attributes, callers
	is.True(count(middleware.Recoverer(slog.New(slog.DiscardHandler))) == 0) // a log alone
}

// discard takes every line and drops it.
type discard struct{}

func (discard) Enabled(context.Context, slog.Level) bool  { return true }
func (discard) Handle(context.Context, slog.Record) error { return nil }
func (d discard) WithAttrs([]slog.Attr) slog.Handler      { return d }
func (d discard) WithGroup(string) slog.Handler           { return d }
