package middleware

import (
	"context"
	"math"
	"net/http"
	"strconv"
	"time"

	"quartet/handler"
)

// maxCallers is how many callers a RateLimit remembers.
const maxCallers = 4096

// RateLimit lets each caller ask perSecond times a second, and burst times at once after a while of silence (a token
// bucket, golang.org/x/time/rate). The excess gets 429 with retry-after, the seconds until the next request would be
// served, rounded up.
//
// The caller is Request.From, an app process; those that do not say who they are share one bucket. What a process says of
// itself is no proof: the limit keeps apps that hold the secret from starving each other by mistake, and no attacker
// out. For a limit per user of a website see the middlewares for pages, such as go-chi/httprate.
//
// Up to 4096 callers are remembered. Beyond, the one whose bucket is full again, or comes nearest to that, is forgotten:
// it gains the least by that, and no crowd of newcomers makes a busy caller forgotten.
//
// The limit belongs to the returned Middleware: where that is used for several routes, they share it. It is not meant for
// response handlers, whose requests have no From. RateLimit panics unless perSecond is positive and finite and burst at
// least 1.
func RateLimit(perSecond float64, burst int) handler.Middleware {
	check(perSecond > 0 && !math.IsInf(perSecond, 0), "RateLimit: %v per second must be positive and finite", perSecond)
	check(burst > 0, "RateLimit: the burst %d must be at least 1", burst)
	b := newBuckets(perSecond, burst, maxCallers)
	return func(next handler.Handler) handler.Handler {
		return handler.Func(func(ctx context.Context, r *handler.Request) (*handler.Response, error) {
			if seconds, ok := b.take(r.From(), time.Now()); !ok {
				return nil, tooMany(seconds)
			}
			return next.Serve(ctx, r)
		})
	}
}

func tooMany(seconds float64) *handler.Error {
	wait := int64(max(1, math.Ceil(seconds)))
	return &handler.Error{
		Status: http.StatusTooManyRequests,
		Reason: "too many requests",
		Header: map[string][]string{retryAfter: {strconv.FormatInt(wait, 10)}},
	}
}
