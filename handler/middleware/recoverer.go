package middleware

import (
	"context"
	"log/slog"
	"runtime"
	"strings"

	"quartet/handler"
	"quartet/internal/printable"
)

const maxStack = 64 << 10

// Recoverer makes an error of a panic: a *handler.PanicError, which the caller sees as 500. The middlewares around it
// then see an error like any other. If log is not nil it gets one line at level ERROR, with the path, the value that was
// given to panic as cause and the stack; if it is nil the error goes on to whoever logs errors.
//
// It is seldom needed. A service.Server and a service.Client recover from panics by themselves, and where they have a
// logger (service.WithLogger) they log every error of status 500 and more, with the stack of a panic. Two things are left:
// that the middlewares outside see the panic as an error, for which Recoverer(nil) is right, and a log where nobody else
// writes one. It does not stop runtime.Goexit.
func Recoverer(log *slog.Logger) handler.Middleware {
	return func(next handler.Handler) handler.Handler {
		return handler.Func(func(ctx context.Context, r *handler.Request) (resp *handler.Response, err error) {
			defer func() {
				if value := recover(); value != nil {
					buf := make([]byte, maxStack)
					p := &handler.PanicError{Value: value, Stack: buf[:runtime.Stack(buf, false)]}
					resp, err = nil, p
					logPanic(ctx, log, r, p)
				}
			}()
			return next.Serve(ctx, r)
		})
	}
}

func logPanic(ctx context.Context, log *slog.Logger, r *handler.Request, p *handler.PanicError) {
	if log == nil {
		return
	}
	attrs := []slog.Attr{text("path", r.Path, maxText), text("method", methodOf(r), maxName)}
	attrs = add(attrs, "pattern", r.Pattern(), maxText)
	attrs = add(attrs, "request_id", trailOf(ctx, r).RequestID, maxName)
	attrs = append(attrs, text("cause", p.Error(), maxText), slog.String("stack", oneLine(p.Stack)))
	log.LogAttrs(ctx, slog.LevelError, "a handler panicked", attrs...)
}

// oneLine writes a stack with a | between its functions, for logs that do not quote line feeds.
func oneLine(stack []byte) string {
	s := strings.ReplaceAll(strings.TrimSpace(string(stack)), "\n\t", " ")
	return printable.Escape(strings.ReplaceAll(s, "\n", " | "))
}
