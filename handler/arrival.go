package handler

import (
	"slices"

	"quartet/transport/wire"
)

// Arrival is what only a Request needs that has arrived, or that is served: a caller that keeps many Requests waiting
// does not pay for it. The receiver of a request fills in what is exported; it makes room for the whole as part of what
// it keeps of the request, see FromWire, so that to serve one costs no allocation.
type Arrival struct {
	Caller  string // the name of the process that sent it, or empty
	MaxBody int    // bytes that the body of the answer may have; 0 where that is not known

	id      wire.ID
	from    string
	hops    int
	asked   map[string][]string // in a response handler the header of the request that was answered
	route   route
	carrier requestContext // its request is the one that a belongs to, nil until own was called; see NewContext
}

// unknown is what a Request knows that was made here and is not served yet. Nobody writes to it.
var unknown Arrival

// known returns what r knows, to be read only.
func (r *Request) known() *Arrival {
	if r.arrival == nil {
		return &unknown
	}
	return r.arrival
}

// own returns what r knows, to be written to. A Request that was made here gets it with the first need, and a copy by
// assignment one of its own: what is noted in it must not appear in the other.
func (r *Request) own() *Arrival {
	switch a := r.arrival; {
	case a == nil:
		r.arrival = new(Arrival)
	case a.carrier.request == r:
		return a
	case a.carrier.request != nil:
		copied := *a
		copied.carrier = requestContext{}
		r.arrival = &copied
	}
	r.arrival.carrier.request = r
	return r.arrival
}

// join returns a Request with the values of r that knows a: both in one allocation.
func join(r Request, a Arrival) *Request {
	both := &struct {
		request Request
		arrival Arrival
	}{r, a}
	both.arrival.carrier = requestContext{request: &both.request}
	both.request.arrival = &both.arrival
	return &both.request
}

// clone returns a copy for another Request; the header of what was asked is only read and stays shared.
func (a *Arrival) clone() Arrival {
	c := *a
	c.route.params = slices.Clone(a.route.params)
	return c
}
