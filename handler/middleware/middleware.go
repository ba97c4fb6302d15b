package middleware

import (
	"context"
	"fmt"
	"log/slog"
	"maps"

	"quartet/handler"
	"quartet/internal/printable"
)

// Text from outside is cut to so many bytes of a log line.
const (
	maxName = 256
	maxText = 1024
)

// text is an attribute whose value is safe for any log.
func text(name, value string, limit int) slog.Attr {
	return slog.String(name, printable.Cut(value, limit))
}

// check panics when an argument of a middleware makes no sense: that is a mistake in the program.
func check(ok bool, format string, args ...any) {
	if !ok {
		panic("middleware: " + fmt.Sprintf(format, args...))
	}
}

func methodOf(r *handler.Request) string {
	if r.Method == "" {
		return handler.MethodRequest
	}
	return r.Method
}

// trailOf is what the calls of a handler carry that serves r with this context.
func trailOf(ctx context.Context, r *handler.Request) handler.Trail {
	if t, ok := handler.TrailFrom(ctx); ok {
		return t
	}
	return r.Trail()
}

// withHeader returns a copy of resp whose header may be changed: a handler may answer with one Response many times.
func withHeader(resp *handler.Response) *handler.Response {
	c := *resp
	if c.Header = maps.Clone(resp.Header); c.Header == nil {
		c.Header = map[string][]string{}
	}
	return &c
}
