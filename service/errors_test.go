package service

import (
	"context"
	"errors"
	"testing"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/transport/wire"
)

// TestOutcomes is the table of all ways to end without an answer.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	for _, e := range []struct {
		err    *handler.Error
		is     []error
		status int
		retry  string
		text   string
	}{
		{failure(ErrCanceled, ""), []error{ErrCanceled, context.Canceled}, 499, "", "499 the caller left: service: the caller left: context canceled"},
		{failure(ErrTimeout, ""), []error{ErrTimeout, context.DeadlineExceeded}, 504, "", "504 the service did not answer in time: service: no answer in time: context deadline exceeded"},
		{failure(ErrLost, "it died"), []error{ErrLost}, 502, "", "502 the service instance went away before it answered: service: the instance that had the request is gone: it died"},
		{failure(ErrUnavailable, "none within %v", windowWait), []error{ErrUnavailable}, 503, "1", "503 the service is not available: service: no instance is there: none within 100ms"},
		{failure(ErrRejected, "overloaded"), []error{ErrRejected}, 503, "1", "503 the service is busy: service: rejected: overloaded"},
		{failure(ErrTooLarge, ""), []error{ErrTooLarge}, 413, "", "413 the request is too large: service: too large"},
		{failure(ErrInvalid, "%w", wire.ErrType), []error{ErrInvalid, wire.ErrType}, 500, "", "500 internal error: service: invalid request: wrong type"},
		{failure(ErrUnknownService, "x"), []error{ErrUnknownService}, 500, "", "500 internal error: service: unknown service: x"},
		{failure(ErrClosed, ""), []error{ErrClosed}, 503, "1", "503 shutting down: service: closed"},
		{rejected(&wire.Response{Outcome: wire.OutcomeForbidden, Reason: "no"}), []error{ErrRejected}, 403, "", "403 forbidden: service: rejected: forbidden: no"},
		{rejected(&wire.Response{Outcome: wire.OutcomeExpired, Reason: "late"}), []error{ErrRejected}, 504, "", "504 the service did not come to it in time: service: rejected: expired: late"},
	} {
		t.Run(e.is[0].Error(), func(t *testing.T) {
			is := is.New(t)
			for _, target := range e.is {
				is.True(errors.Is(e.err, target))
			}
			is.Equal(e.err.Status, e.status)
			is.Equal(handler.StatusOf(e.err), e.status)
			is.Equal(handler.ErrorResponse(e.err).HeaderValue("retry-after"), e.retry) // all 503 say when to try again
			is.Equal(e.err.Error(), e.text)
		})
	}
}

// TestOutcomesAreDistinct: no outcome is taken for another.
func TestOutcomesAreDistinct(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	all := []error{
		ErrCanceled, ErrTimeout, ErrLost, ErrUnavailable, ErrRejected, ErrTooLarge, ErrInvalid, ErrUnknownService, ErrClosed,
	}
	for i, a := range all {
		for j, b := range all {
			is.Equal(errors.Is(failure(a, "detail"), b), i == j)
		}
	}
}

func TestLeftBy(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("a cause of its own"))
	is.True(errors.Is(leftBy(ctx), ErrCanceled))
	late, stop := context.WithTimeout(t.Context(), 0)
	defer stop()
	is.True(errors.Is(leftBy(late), ErrTimeout))
}
