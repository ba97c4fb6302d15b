package middleware_test

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/handler/middleware"
)

// works is a handler that takes an hour unless it is released, and says who begins.
type works struct {
	begun   chan string
	release chan struct{}
}

func newWorks() *works { return &works{begun: make(chan string, 100), release: make(chan struct{})} }

func (w *works) Serve(_ context.Context, r *handler.Request) (*handler.Response, error) {
	w.begun <- r.Path
	<-w.release
	return handler.Text("done"), nil
}

// ask serves path in a goroutine; its error comes over the channel.
func ask(ctx context.Context, h handler.Handler, path string) <-chan error {
	result := make(chan error, 1)
	go func() {
		_, err := h.Serve(ctx, &handler.Request{Path: path})
		result <- err
	}()
	synctest.Wait()
	return result
}

func busy(is *is.I, err error) {
	is.Helper()
	seen := handler.ErrorResponse(err)
	is.Equal(seen.Status, 503)
	is.Equal(seen.HeaderValue("retry-after"), "1")
}

func TestThrottle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		w := newWorks()
		h := middleware.Throttle(2)(w)
		first, second := ask(t.Context(), h, "/1"), ask(t.Context(), h, "/2")
		began := time.Now()
		busy(is, <-ask(t.Context(), h, "/3"))
		is.Equal(time.Since(began), time.Duration(0)) // at once
		w.release <- struct{}{}
		synctest.Wait()
		third := ask(t.Context(), h, "/4")
		is.Equal(len(w.begun), 3) // there is room for one more
		close(w.release)
		is.NoErr(errors.Join(<-first, <-second, <-third))
	})
}

func TestThrottleBacklog(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		w := newWorks()
		h := middleware.ThrottleBacklog(1, 3, time.Minute)(w)
		ctx, leave := context.WithCancel(t.Context())
		var results []<-chan error
		for i, ctx := range []context.Context{t.Context(), t.Context(), ctx, t.Context()} {
			results = append(results, ask(ctx, h, "/"+strconv.Itoa(i)))
		}
		busy(is, <-ask(t.Context(), h, "/full"))
		leave()
		is.Equal(<-results[2], context.Canceled) // one who leaves
		late := ask(t.Context(), h, "/4")        // makes room
		is.Equal(len(w.begun), 1)                // and only one runs
		w.release <- struct{}{}
		w.release <- struct{}{}
		synctest.Wait()
		is.Equal([]string{<-w.begun, <-w.begun, <-w.begun}, []string{"/0", "/1", "/3"}) // first come, first served
		is.NoErr(errors.Join(<-results[0], <-results[1]))

		began := time.Now()
		busy(is, <-late)
		is.Equal(time.Since(began), time.Minute) // it waits so long and no longer
		close(w.release)
		is.NoErr(<-results[3])
	})
}

func TestThrottleOfAContextThatEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		w := newWorks()
		h := handler.Chain(middleware.Timeout(time.Second), middleware.ThrottleBacklog(1, 1, time.Minute))(w)
		first := ask(t.Context(), h, "/1")
		_, err := h.Serve(t.Context(), new(handler.Request))
		is.Equal(handler.StatusOf(err), 504) // waiting takes time, too
		close(w.release)
		is.NoErr(<-first)
	})
}

// TestThrottleFreesPlaces also those of handlers that panic.
func TestThrottleFreesPlaces(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	mw := middleware.Throttle(1)
	for range 3 {
		_, err := handler.Run(context.Background(), mw(panics("boom")), new(handler.Request))
		var p *handler.PanicError
		is.True(errors.As(err, &p)) // and not 503
	}
}

func TestThrottleIsSharedByRoutes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		w := newWorks()
		limited := middleware.Throttle(1)
		var mux handler.Mux
		mux.With(limited).Handle("/a", w)
		mux.With(limited).Handle("/b", w)
		first := ask(t.Context(), &mux, "/a")
		busy(is, <-ask(t.Context(), &mux, "/b"))
		close(w.release)
		is.NoErr(<-first)
	})
}

func TestThrottleArguments(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	is.Equal(panicOf(func() { middleware.Throttle(0) }), "middleware: Throttle: the limit 0 must be at least 1")
	is.Equal(panicOf(func() { middleware.ThrottleBacklog(1, -1, 0) }), "middleware: Throttle: the backlog -1 must not be negative")
	is.Equal(panicOf(func() { middleware.ThrottleBacklog(1, 1, 0) }), "middleware: Throttle: the wait 0s must be positive")
}
