package middleware_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/handler/middleware"
)

// waits returns what of makes of its context once that has ended.
func waits(of func(context.Context) error) handler.Handler {
	return handler.Func(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
		<-ctx.Done()
		return nil, of(ctx)
	})
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	refused := &handler.Error{Status: 503, Reason: "no database", Err: context.DeadlineExceeded}
	for name, tt := range map[string]struct {
		of     func(context.Context) error
		status int
		reason string
	}{
		"the error of the context": {context.Context.Err, 504, "not done within 1.5s"},
		"its cause":                {context.Cause, 504, "not done within 1.5s"},
		"one that wraps it":        {func(ctx context.Context) error { return fmt.Errorf("query: %w", ctx.Err()) }, 504, "not done within 1.5s"},
		"an error of its own":      {func(context.Context) error { return refused }, 503, "no database"},
		"any error":                {func(context.Context) error { return errSecret }, 500, "internal error"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				is := is.New(t)
				began := time.Now()
				_, err := middleware.Timeout(1500*time.Millisecond)(waits(tt.of)).Serve(t.Context(), new(handler.Request))
				is.Equal(time.Since(began), 1500*time.Millisecond)
				seen := handler.ErrorResponse(err)
				is.Equal(seen.Status, tt.status)
				is.Equal(seen.Reason, tt.reason)
				var e *handler.Error
				is.Equal(errors.As(err, &e), tt.status != 500)
			})
		})
	}
}

func TestTimeoutOfACallerWithLessTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		_, err := middleware.Timeout(time.Minute)(waits(context.Context.Err)).Serve(ctx, new(handler.Request))
		is.Equal(time.Since(began), time.Second)       // a minute is not what it gets
		is.Equal(err, error(context.DeadlineExceeded)) // and not what it is told
	})
}

func TestTimeoutLeavesWhatIsLate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		want := handler.Text("late")
		h := middleware.Timeout(time.Second)(handler.Func(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
			time.Sleep(time.Minute) // without a look at the context
			return want, nil
		}))
		resp, err := h.Serve(t.Context(), new(handler.Request))
		is.NoErr(err)
		is.Equal(resp, want) // late but complete
	})
}

func TestTimeoutEndsWithTheHandler(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var inside context.Context
	_, err := middleware.Timeout(time.Hour)(handler.Func(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
		inside = ctx
		return handler.Text(""), nil
	})).Serve(context.Background(), new(handler.Request))
	is.NoErr(err)
	is.Equal(inside.Err(), context.Canceled) // no timer is left behind
	is.Equal(panicOf(func() { middleware.Timeout(0) }), "middleware: Timeout(0s): the time must be positive")
}
