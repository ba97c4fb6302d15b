package middleware

import (
	"context"
	"crypto/rand"
	"errors"

	"quartet/handler"
)

// requestID is the header that carries Trail.RequestID.
const requestID = handler.ReservedHeader + "request-id"

// RequestID gives a request that comes without a valid request id (see handler.ValidRequestID) a random one, so that
// Request.Trail, the log, the calls that the handler makes with its context, and a request that it forwards all name
// the same event. An id that came stays. The other way round, web.RequestID gives each HTTP request an id; where all
// requests come from pages with that, this middleware has nothing to do.
//
// An answer to a request that got its id here, be it a response or an error, tells the id in the header
// quartet-request-id: the caller knows no other name for what went wrong. A caller that gave an id is not told it again.
//
// In a response handler, RequestID looks at the request that was answered: if that had no id, the calls of the response
// handler get one, while Request.Trail still tells what was asked.
func RequestID() handler.Middleware {
	return func(next handler.Handler) handler.Handler {
		return handler.Func(func(ctx context.Context, r *handler.Request) (*handler.Response, error) {
			switch {
			case r.Answer != nil:
				ctx, _ = name(ctx, r)
			case !handler.ValidRequestID(r.HeaderValue(requestID)):
				return serveNamed(ctx, r, next)
			}
			return next.Serve(ctx, r)
		})
	}
}

// name returns a context whose calls carry a request id, and that id.
func name(ctx context.Context, r *handler.Request) (context.Context, string) {
	t := trailOf(ctx, r)
	if t.RequestID != "" {
		return ctx, t.RequestID
	}
	t.RequestID = rand.Text()
	return handler.WithTrail(ctx, t), t.RequestID
}

func serveNamed(ctx context.Context, r *handler.Request, next handler.Handler) (*handler.Response, error) {
	ctx, id := name(ctx, r)
	r.SetHeader(requestID, id)
	resp, err := next.Serve(ctx, r)
	if err != nil {
		return nil, named(err, id)
	}
	if _, _, forwards := resp.Forwards(); resp == nil || forwards || resp.HeaderValue(requestID) != "" {
		return resp, nil
	}
	resp = withHeader(resp)
	resp.SetHeader(requestID, id)
	return resp, nil
}

// namedError is an error whose *handler.Error has one header more. In all other ways it is the error it wraps.
type namedError struct {
	error
	shown *handler.Error
}

func named(err error, id string) error {
	seen := handler.ErrorResponse(err) // with a header that is a copy
	seen.SetHeader(requestID, id)
	shown := &handler.Error{Status: seen.Status, Reason: seen.Reason, Header: seen.Header, Err: err}
	if e := (*handler.Error)(nil); errors.As(err, &e) && e != nil {
		shown.Reason, shown.Remote, shown.Err = e.Reason, e.Remote, e.Err
	}
	return &namedError{err, shown}
}

func (e *namedError) Unwrap() error { return e.error }

// As gives the *handler.Error before the one inside is found.
func (e *namedError) As(target any) bool {
	t, ok := target.(**handler.Error)
	if ok {
		*t = e.shown
	}
	return ok
}
