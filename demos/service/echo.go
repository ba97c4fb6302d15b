package main

import (
	"context"
	"log/slog"
	"time"

	"quartet/demos/internal/slow"
	"quartet/handler"
)

// routes are what this service serves.
func routes(delay time.Duration, log *slog.Logger) handler.Handler {
	var mux handler.Mux
	mux.Method(handler.MethodRequest, slow.Path, echo(delay, log))
	return &mux
}

// echo is the slow echo: it sleeps as long as the request's argument says, delay where it says nothing, and answers
// with the text it was sent. It wakes up early when nobody waits for the answer any more.
func echo(delay time.Duration, log *slog.Logger) handler.Handler {
	return handler.Func(func(ctx context.Context, r *handler.Request) (*handler.Response, error) {
		d, err := slow.ParseDelay(r.Arg("delay", ""))
		if err != nil {
			return nil, err
		}
		if d == slow.Own {
			d = delay
		}
		log.Info("working", "path", r.Path, "METHOD", r.Method, "delay", d)
		if err := slow.Sleep(ctx, d); err != nil {
			return nil, err
		}
		return handler.Text(string(r.Body)), nil
	})
}
