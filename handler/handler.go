// Package handler holds what answers a message: handlers, the Mux that chooses one by path and METHOD, and the messages
// themselves.
//
// The same Handler type serves on both sides. On a service it answers a request; in the app it is a response handler
// and runs when the answer of a service arrives, with Request.Answer set:
//
//	var mux handler.Mux
//	mux.Method(handler.MethodRequest, "/service/slow", handler.Func(slow))
//	mux.Handle("/reports/{id}", handler.Typed(report))
//
// A handler returns a response or an error. An *Error reaches the caller with its status and reason; the text of every
// other error stays in the process that made it, and the caller sees 500. A handler that panics, or returns neither a
// response nor an error, gives 500 to its caller as well and the process lives on: Run sees to that.
//
// METHODs are lower-case tokens and header names are in lower case, here and on the wire.
//
// [Mux] routes as chi does, [ByMethod] calls a method of a value made for the request, [Typed] decodes, validates and
// encodes, and [Forward] leaves a request to another service. Middlewares are in handler/middleware. A handler that asks
// other services hands on its context: that carries the time that is left and the [Trail], by which all calls of one event
// have one name. For tests of handlers see service/servicetest; docs/HANDLERS.md is a tour.
//
// What has Wire in its name, and [Arrival], [ForAnswer], [RunTo] and [Matcher], is for those who carry messages, as
// package service does. Handlers need none of it.
package handler

import "context"

// The METHODs that have a name of their own: those of HTTP that mean something between services, and the two of a
// message that is no HTTP request. Any other lower-case token is a METHOD too.
const (
	MethodGet     = "get"
	MethodHead    = "head" // falls back to get, in Mux, Matcher and ByMethod alike
	MethodPost    = "post"
	MethodPut     = "put"
	MethodPatch   = "patch"
	MethodDelete  = "delete"
	MethodOptions = "options"
	MethodConnect = "connect"

	// MethodRequest is the METHOD of a request that names none.
	MethodRequest = "request"
	// MethodResponse is the METHOD of a response that names none. It chooses the response handler.
	MethodResponse = "response"
)

// Handler answers one request.
//
// Serve returns a response or an error, never neither. When it returns both the error counts. It is called from many
// goroutines at once, each with a Request of its own. The context ends at the deadline of the request, or when nobody
// waits for the answer any more; it carries the Request, see FromContext.
//
// The Request and everything it refers to is the handler's until Serve returns. A handler that goes on in a goroutine
// of its own copies what it needs and uses context.WithoutCancel. The Response belongs to the caller once it is
// returned; its Body may be the Request's Body.
type Handler interface {
	Serve(context.Context, *Request) (*Response, error)
}

// Func is a function that serves as a Handler.
type Func func(context.Context, *Request) (*Response, error)

// Serve calls f.
func (f Func) Serve(ctx context.Context, r *Request) (*Response, error) { return f(ctx, r) }

// Middleware wraps a Handler. It is called once, when the routes are put together, not for every request.
type Middleware func(Handler) Handler

// Chain makes one Middleware of several; the first is the outermost. Without any it returns its handler unchanged.
// It panics when one of them is nil.
func Chain(m ...Middleware) Middleware {
	for _, mw := range m {
		if mw == nil {
			panic("handler: nil Middleware")
		}
	}
	return func(h Handler) Handler {
		for i := len(m) - 1; i >= 0; i-- {
			if h = m[i](h); h == nil {
				panic("handler: a Middleware returned a nil Handler")
			}
		}
		return h
	}
}
