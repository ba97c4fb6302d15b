package handler

import "quartet/transport/wire"

// forward is where a request shall go on to.
type forward struct{ service, path string }

// Forward returns the answer of a handler that leaves the request to another service: whatever that answers is the
// answer to the one who asked. The request goes on as it is when the handler returns, with METHOD, header, arguments
// and body; an empty path leaves the path as it is, too. What is left of its time, its Trail and From stay; after
// MaxHops it ends with 508.
//
// The app that asked sends it there, if it holds that service and both are called with the same secret. Otherwise the
// instance that forwards does, if it was given a client (see service.WithClient), and is busy as long as that takes. If
// it was not the answer is 502. A response handler cannot forward.
func Forward(service, path string) *Response {
	return &Response{forward: &forward{service, path}}
}

// Forwards returns where the answer says that the request shall go; ok is false for any other answer.
func (r *Response) Forwards() (service, path string, ok bool) {
	if r == nil || r.forward == nil {
		return "", "", false
	}
	return r.forward.service, r.forward.path, true
}

// ForwardToWire returns the message that says that r shall go on to a service and a path, its own where that is empty.
// The id is left for the one who sends it. It shares the maps and the body of r.
func (r *Request) ForwardToWire(service, path string) *wire.Forward {
	if path == "" {
		path = r.Path
	}
	w := r.ToWire()
	return &wire.Forward{Service: service, Path: path, Method: w.Method, Header: w.Header, Args: w.Args, Body: w.Body}
}
