package handler

import "context"

type contextKey struct{}

// requestContext carries a Request; a type of its own spares the boxing of context.WithValue.
type requestContext struct {
	context.Context
	request *Request
}

func (c *requestContext) Value(key any) any {
	switch key {
	case contextKey{}:
		return c.request
	case trailKey{}:
		if c.request.travelled() {
			return c.request
		}
		if outer := c.Context.Value(key); outer != nil { // served where it was made, as part of something
			return outer
		}
		return c.request
	}
	return c.Context.Value(key)
}

// AfterFunc is what package context looks for: whoever made the context inside may know how to do without a goroutine.
func (c *requestContext) AfterFunc(f func()) (stop func() bool) {
	return context.AfterFunc(c.Context, f)
}

// NewContext returns a context that carries r. Run does it for every handler; a middleware that hands on another
// Request does it for that one.
func NewContext(ctx context.Context, r *Request) context.Context {
	if r != nil {
		if c := &r.own().carrier; c.Context == nil { // the first one costs nothing in a Request that has arrived
			c.Context = ctx
			return c
		}
	}
	return &requestContext{Context: ctx, request: r}
}

// FromContext returns the Request that is being served, or nil outside of a handler.
func FromContext(ctx context.Context) *Request {
	r, _ := ctx.Value(contextKey{}).(*Request)
	return r
}
