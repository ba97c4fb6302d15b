package middleware

import (
	"context"
	"net/http"
	"time"

	"quartet/handler"
)

// Throttle lets limit handlers run at once, and refuses the excess at once with 503 and retry-after: 1. See
// ThrottleBacklog.
func Throttle(limit int) handler.Middleware { return ThrottleBacklog(limit, 0, 0) }

// ThrottleBacklog lets limit handlers run at once. Of the excess backlog requests wait for their turn, first come, first
// served, for the time wait at most; all others, and those whose time is up, get 503 with retry-after: 1. A request
// whose context ends while it waits returns the error of its context. Waiting costs a timer and no further goroutine.
//
// The limit belongs to the returned Middleware: where that is used for several routes, they share it. An instance has
// limits of its own (service.WithConcurrency, service.WithBacklog), and what waits here runs there: keep limit and
// backlog together below those, or slow routes take the places of all others.
//
// It works in response handlers, too, but what it refuses there is lost: the answer to a Send comes only once.
// ThrottleBacklog panics if limit is below 1, backlog below 0, or wait not positive where there is a backlog.
func ThrottleBacklog(limit, backlog int, wait time.Duration) handler.Middleware {
	check(limit > 0, "Throttle: the limit %d must be at least 1", limit)
	check(backlog >= 0, "Throttle: the backlog %d must not be negative", backlog)
	check(backlog == 0 || wait > 0, "Throttle: the wait %v must be positive", wait)
	t := &throttle{
		places: make(chan struct{}, limit+backlog),
		turns:  make(chan struct{}, limit),
		wait:   wait,
	}
	return func(next handler.Handler) handler.Handler {
		return handler.Func(func(ctx context.Context, r *handler.Request) (*handler.Response, error) {
			if err := t.enter(ctx); err != nil {
				return nil, err
			}
			defer t.leave()
			return next.Serve(ctx, r)
		})
	}
}

// throttle has places for those who run or wait, and turns for those who run. Each is full when its channel is.
type throttle struct {
	places, turns chan struct{}
	wait          time.Duration
}

func (t *throttle) enter(ctx context.Context) error {
	select {
	case t.places <- struct{}{}:
	default:
		return errBusy
	}
	select {
	case t.turns <- struct{}{}: // whoever waits comes first: a turn that ends is theirs, and never seen to be free
		return nil
	default:
	}
	if err := t.queue(ctx); err != nil {
		<-t.places
		return err
	}
	return nil
}

func (t *throttle) queue(ctx context.Context) error {
	timer := time.NewTimer(t.wait)
	defer timer.Stop()
	select {
	case t.turns <- struct{}{}:
		return nil
	case <-timer.C:
		return errBusy
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t *throttle) leave() {
	<-t.turns
	<-t.places
}

// errBusy is shared: an error is not changed once it is returned.
var errBusy = &handler.Error{
	Status: http.StatusServiceUnavailable,
	Reason: "too many requests at once",
	Header: map[string][]string{retryAfter: {"1"}},
}

const retryAfter = "retry-after"
