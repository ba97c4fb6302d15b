package handler

import (
	"net/http"

	"quartet/transport/wire"
)

// FromWire returns the request that arrived as w; a value, so that it can be part of what its receiver keeps of it. It
// shares the maps and the body of w, and keeps a, which is for this request alone: neither is used otherwise any more.
func FromWire(w *wire.Request, a *Arrival) Request {
	a.id, a.from, a.hops = w.ID, w.From, int(w.Hops)
	return Request{Path: w.Path, Method: w.Method, Args: w.Args, Header: w.Header, Body: w.Body, arrival: a}
}

// ForAnswer returns the Request that a response handler serves when answer has come to asked: path, arguments and id
// are those of the request, METHOD, header and body those of the answer.
func ForAnswer(asked *wire.Request, answer *Response) *Request {
	r := Request{
		Path: asked.Path, Method: answer.Method, Args: asked.Args,
		Header: cloneHeader(answer.Header), Body: answer.Body, Answer: answer,
	}
	if r.Method == "" {
		r.Method = MethodResponse
	}
	return join(r, Arrival{id: asked.ID, asked: asked.Header, hops: int(asked.Hops)})
}

// ToWire returns the message that asks for r, with MethodRequest where r names no METHOD. The id, flags, hops, times
// and the sender are left for the one who sends it. It shares the maps and the body of r.
func (r *Request) ToWire() *wire.Request {
	method := r.Method
	if method == "" {
		method = MethodRequest
	}
	return &wire.Request{Path: r.Path, Method: method, Args: r.Args, Header: r.Header, Body: r.Body}
}

// ResponseFromWire returns the response that arrived as w, whose outcome must be wire.OutcomeAnswered: the others
// are no answers. It shares the header and the body of w.
func ResponseFromWire(w *wire.Response) *Response {
	return &Response{Status: w.Status, Reason: w.Reason, Method: w.Method, Header: w.Header, Body: w.Body}
}

// ToWire returns the message that answers with r: METHOD and status have their defaults filled in, the reason is cut
// to what may travel, and a status that is none becomes 500 without a body. Err stays behind. The id, times and the
// load are left for the one who sends it. It shares the header and the body of r.
func (r *Response) ToWire() *wire.Response {
	w := &wire.Response{
		Outcome: wire.OutcomeAnswered,
		Method:  r.Method,
		Status:  r.Code(),
		Reason:  wire.CleanReason(r.Reason),
		Header:  r.Header,
		Body:    r.Body,
	}
	if w.Method == "" {
		w.Method = MethodResponse
	}
	if !validStatus(w.Status) {
		w.Status, w.Reason, w.Header, w.Body = http.StatusInternalServerError, hidden, nil, nil
	}
	return w
}

// RoutesToWire returns routes as hello tells them. No routes at all stay an empty list, and nil stays nil, which says
// that the routes are not told.
func RoutesToWire(routes []Route) []wire.Route {
	if routes == nil {
		return nil
	}
	told := make([]wire.Route, len(routes))
	for i, r := range routes {
		told[i] = wire.Route(r)
	}
	return told
}

// RoutesFromWire returns the routes that a hello told, nil where it did not.
func RoutesFromWire(told []wire.Route) []Route {
	if told == nil {
		return nil
	}
	routes := make([]Route, len(told))
	for i, r := range told {
		routes[i] = Route(r)
	}
	return routes
}
