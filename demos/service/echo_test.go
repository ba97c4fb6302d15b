package main

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"

	"quartet/handler"
)

func TestEcho(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		args   map[string]string
		took   time.Duration
		status int
	}{
		{"its own delay", nil, 5 * time.Second, 200},
		{"an ordered delay", map[string]string{"delay": "10ms"}, 10 * time.Millisecond, 200},
		{"no delay", map[string]string{"delay": "0s"}, 0, 200},
		{"the longest", map[string]string{"delay": "60s"}, time.Minute, 200},
		{"longer", map[string]string{"delay": "61s"}, 0, 400},
		{"no time", map[string]string{"delay": "soon"}, 0, 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				is := is.New(t)
				start := time.Now()
				answer, err := routes(5*time.Second, slog.New(slog.DiscardHandler)).Serve(t.Context(),
					&handler.Request{Path: "/service/slow", Method: "request", Args: c.args, Body: []byte("hello")})
				is.Equal(time.Since(start), c.took)
				is.Equal(handler.StatusOf(err), c.status)
				if err == nil {
					is.Equal(answer.Text(), "hello") // the echo
				}
			})
		})
	}
}

func TestEchoWakesUpWhenNobodyWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		_, err := routes(time.Minute, slog.New(slog.DiscardHandler)).Serve(ctx, &handler.Request{Path: "/service/slow", Method: "request"})
		is.Equal(err, context.DeadlineExceeded)
		is.Equal(time.Since(start), time.Second)
	})
}

func TestOtherRoutes(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	h := routes(0, slog.New(slog.DiscardHandler))
	_, err := h.Serve(t.Context(), &handler.Request{Path: "/service/other", Method: "request"})
	is.Equal(handler.StatusOf(err), 404)
	_, err = h.Serve(t.Context(), &handler.Request{Path: "/service/slow", Method: "delete"})
	is.Equal(handler.StatusOf(err), 405)
}
