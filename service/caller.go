package service

import (
	"context"

	"quartet/handler"
)

// Caller is what HTTP handlers need of a Client, and easy to fake in their tests.
type Caller interface {
	// Call asks an instance of a service and waits for the answer. An error means that none came, and wraps
	// one of the Err variables in a *handler.Error; an answer with status >= 400 is no error. A call that is made
	// with the context of a handler, or one of handler.WithTrail, passes its Trail on.
	Call(ctx context.Context, service string, r *handler.Request, o ...CallOption) (*Reply, error)
	// Send hands a request over and does not wait. No error means that it is in the queue of a link to a live
	// instance, and that the response handler will be called exactly once. ctx bounds the hand-over only.
	Send(ctx context.Context, service string, r *handler.Request, o ...CallOption) (id string, err error)
}

// Reply is the answer to a Call.
type Reply struct {
	*handler.Response

	// Made and MadeErr are what the response handler made of it. Both are nil where none is registered for
	// the path of the request and the METHOD of the response.
	Made    *handler.Response
	MadeErr error
}

// Invoke calls a service with in as the body (msgpack; nil for none) and decodes the answer into Out. All its errors
// are *handler.Error values: with Remote set for an answer of the service with status >= 400, without where none came
// (see Caller) or it does not fit an Out (502). What a response handler makes of the answer is not looked at.
func Invoke[Out any](ctx context.Context, c Caller, service, path string, in any, o ...CallOption) (Out, error) {
	var out Out
	r, err := handler.NewRequest(path, in)
	if err != nil {
		return out, failure(ErrInvalid, "%w", err)
	}
	reply, err := c.Call(ctx, service, r, o...)
	if err != nil {
		return out, err
	}
	if err := reply.AsError(); err != nil {
		return out, err
	}
	return out, reply.Bind(&out)
}
