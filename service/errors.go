package service

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"quartet/handler"
)

// How a call can end without an answer. Call, Send and Invoke return them wrapped in a *handler.Error,
// whose status is the one in brackets. After the first three the handler may have run; after the others
// it did not; of a call that was forwarded they say so of the last service it went to. Besides, Send returns
// the 404 or 405 of a path that no instance serves, which wraps handler.ErrNoRoute; to Call that is an answer.
var (
	// ErrCanceled [499]: the caller's context was canceled. It wraps context.Canceled.
	ErrCanceled = fmt.Errorf("service: the caller left: %w", context.Canceled)
	// ErrTimeout [504]: no answer within the deadline. It wraps context.DeadlineExceeded.
	ErrTimeout = fmt.Errorf("service: no answer in time: %w", context.DeadlineExceeded)
	// ErrLost [502]: the instance that had the request went away, or its answer was unreadable.
	ErrLost = errors.New("service: the instance that had the request is gone")

	// ErrUnavailable [503]: no instance within the wait for one.
	ErrUnavailable = errors.New("service: no instance is there")
	// ErrRejected [503, forbidden 403, expired 504]: overloaded, draining, expired or forbidden.
	ErrRejected = errors.New("service: rejected")
	// ErrTooLarge [413]: the request is larger than WithMaxBody allows, or than a frame can carry.
	ErrTooLarge = errors.New("service: too large")
	// ErrInvalid [500]: the request cannot be sent as it is: its path, METHOD, header or arguments.
	ErrInvalid = errors.New("service: invalid request")
	// ErrUnknownService [500]: no service of that name is registered at the client.
	ErrUnknownService = errors.New("service: unknown service")
	// ErrLoop [508]: the request, with those that it was made for, has gone on to further services handler.MaxHops times.
	ErrLoop = errors.New("service: too many services in a row")
	// ErrClosed [503]: the client or the server was shut down. Serve returns it after Shutdown and Close.
	ErrClosed = errors.New("service: closed")
)

// statusClientLeft is what web servers log for a request whose client has left.
const statusClientLeft = 499

// retryAfter is what a caller is told to wait before it tries again, in seconds.
const retryAfter = 1 * time.Second

// cutText is the detail of a call that was lost because its client was closed. It does not wrap ErrClosed, which
// says that the handler did not run.
const cutText = "the client was closed, or the service unregistered"

// failure makes the error of an outcome. The reason is for the caller, the detail for the log.
func failure(outcome error, detail string, args ...any) *handler.Error {
	e := &handler.Error{Err: outcome}
	if detail != "" {
		e.Err = fmt.Errorf("%w: "+detail, append([]any{outcome}, args...)...)
	}
	switch outcome {
	case ErrCanceled:
		e.Status, e.Reason = statusClientLeft, "the caller left"
	case ErrTimeout:
		e.Status, e.Reason = http.StatusGatewayTimeout, "the service did not answer in time"
	case ErrLost:
		e.Status, e.Reason = http.StatusBadGateway, "the service instance went away before it answered"
	case ErrUnavailable:
		e.Status, e.Reason = http.StatusServiceUnavailable, "the service is not available"
	case ErrRejected:
		e.Status, e.Reason = http.StatusServiceUnavailable, "the service is busy"
	case ErrTooLarge:
		e.Status, e.Reason = http.StatusRequestEntityTooLarge, "the request is too large"
	case ErrLoop:
		e.Status, e.Reason = http.StatusLoopDetected, "the request went on from service to service too often"
	case ErrClosed:
		e.Status, e.Reason = http.StatusServiceUnavailable, "shutting down"
	default:
		e.Status, e.Reason = http.StatusInternalServerError, "internal error"
	}
	if e.Status == http.StatusServiceUnavailable {
		e.Header = map[string][]string{"retry-after": {strconv.Itoa(int(retryAfter.Seconds()))}}
	}
	return e
}

// leftBy is the failure of a caller whose context ended while the request was at an instance.
func leftBy(ctx context.Context) *handler.Error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return failure(ErrCanceled, "")
	}
	return failure(ErrTimeout, "")
}
