package middleware

import (
	"context"
	"errors"
	"net/http"
	"time"

	"quartet/handler"
)

// Timeout ends the context of a handler d after it began, or at the deadline of the request if that comes first. When
// time is up, and the handler returns the error of its context or one that wraps it, the caller sees 504 with a reason
// that tells d. An error that is a *handler.Error already stays as it is: a call that the handler made says better what
// timed out.
//
// The handler runs in the goroutine of its caller, and nothing takes it away from a handler that does not look
// at its context: that one ends when it ends, and its answer, late but complete, is the answer. What another service
// does with a request that was forwarded has the time of the request.
//
// It works in response handlers, too. A d that is not positive panics.
func Timeout(d time.Duration) handler.Middleware {
	check(d > 0, "Timeout(%v): the time must be positive", d)
	late := &handler.Error{
		Status: http.StatusGatewayTimeout, Reason: "not done within " + d.String(), Err: context.DeadlineExceeded,
	}
	return func(next handler.Handler) handler.Handler {
		return handler.Func(func(ctx context.Context, r *handler.Request) (*handler.Response, error) {
			ctx, cancel := context.WithTimeoutCause(ctx, d, late)
			defer cancel()
			resp, err := next.Serve(ctx, r)
			if err != nil && errors.Is(err, context.DeadlineExceeded) && context.Cause(ctx) == error(late) {
				if e := (*handler.Error)(nil); !errors.As(err, &e) {
					return nil, &handler.Error{Status: late.Status, Reason: late.Reason, Err: err}
				}
			}
			return resp, err
		})
	}
}
