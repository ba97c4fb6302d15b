package handler

import (
	"maps"
	"slices"

	"quartet/transport/wire"
)

// Request is a message that asks for an answer. Its zero value with a Path is ready to be sent.
//
// A Request is used by one goroutine at a time, because a Mux notes in it which route was taken. Whoever hands it to
// several handlers at once, or returns before the handler has (a time limit), gives each a Clone. A copy by assignment
// has a route of its own only once a Mux or SetParam gives it one; until then it follows the original.
type Request struct {
	// Path is what a Mux routes by; it begins with a slash.
	Path string
	// Method is a lower-case token; empty means MethodRequest.
	Method string
	// Args are small named values. See Arg.
	Args map[string]string
	// Header holds metadata by name, in lower case.
	Header map[string][]string
	// Body is opaque to everything but Bind: msgpack where the header content-type is absent. A handler may read it
	// until Serve returns and never writes to it.
	Body []byte
	// Answer is the response that arrived. It is set only while a response handler runs, and nil on a service.
	Answer *Response

	arrival *Arrival // nil in one that was made here, until it is served; see known and own
}

// NewRequest returns a request whose body is v in msgpack; a nil v gives no body. It names no METHOD, which means
// MethodRequest. The error says that v cannot be encoded.
func NewRequest(path string, v any) (*Request, error) {
	r := &Request{Path: path}
	if v == nil {
		return r, nil
	}
	body, err := wire.Marshal(v)
	if err != nil {
		return nil, err
	}
	r.Body = body
	return r, nil
}

// Param returns what the path has in place of {name}, or of the final * for the name "*". It is empty for a name that
// the route does not have. Of equal names in a Mux and one mounted in it the inner one counts.
func (r *Request) Param(name string) string {
	value, _ := r.lookup(name)
	return value
}

func (r *Request) lookup(name string) (string, bool) {
	for _, p := range slices.Backward(r.known().route.params) {
		if p.name == name {
			return p.value, true
		}
	}
	return "", false
}

// SetParam sets a path parameter, for tests of a handler without a Mux and for routers other than Mux.
func (r *Request) SetParam(name, value string) {
	t := &r.own().route
	kept := slices.DeleteFunc(slices.Clone(t.params), func(p param) bool { return p.name == name })
	t.params = append(kept, param{name, value})
	t.mark = len(t.params)
}

// Pattern returns the pattern of the route that was taken, mounts included, such as /reports/{id}. It is known once
// the innermost Mux has chosen, thus also to a middleware after its next handler returned, and empty before that.
func (r *Request) Pattern() string {
	t := &r.known().route
	return t.outer + t.inner
}

// Arg returns the argument of that name, or fallback where there is none. An argument that is there but empty is
// returned as it is.
func (r *Request) Arg(name, fallback string) string {
	if value, ok := r.Args[name]; ok {
		return value
	}
	return fallback
}

func (r *Request) travelled() bool { return r != nil && r.known().id != (wire.ID{}) }

// From returns the instance id of the app that asks, empty where it is not known. It is what the peer says of itself:
// good for logs and for grouping, not a proof of identity.
func (r *Request) From() string { return r.known().from }

// MaxBody returns how many bytes the body of the answer may have, 0 where that is not known.
func (r *Request) MaxBody() int { return r.known().MaxBody }

// ID names the request on the wire, 32 hex digits: on a service the attempt that is served, in the response handler of
// a Send what Send returned. It is empty where the request has not travelled.
func (r *Request) ID() string {
	if !r.travelled() {
		return ""
	}
	return r.known().id.String()
}

// HeaderValue returns the first value of the header of that lower-case name, or "".
func (r *Request) HeaderValue(name string) string { return first(r.Header, name) }

// SetHeader sets the header of that lower-case name to one value.
func (r *Request) SetHeader(name, value string) { r.Header = set(r.Header, name, value) }

// Bind decodes the body into v, a pointer: msgpack where the header content-type is absent, or JSON as that header
// says; text into a *string or *[]byte. An empty body leaves v as it is. The error is an *Error: 400 for a body that does
// not fit, 415 for a content-type that Bind does not know and for any content-encoding. In a response handler it decodes
// the answer, as Response.Bind does. v holds no reference to Body afterwards.
func (r *Request) Bind(v any) error {
	if r.Answer != nil {
		return bindAnswer(r.Header, r.Body, v)
	}
	if err := uncompressed(r.Header[contentEncoding]); err != nil && len(r.Body) > 0 {
		return err
	}
	return decode(r.Header, r.Body, v)
}

// Clone returns a copy that another goroutine may serve at the same time: everything is copied but the bytes of Body
// and the Answer, which both only read.
func (r *Request) Clone() *Request {
	c := *r
	c.Args = maps.Clone(r.Args)
	c.Header = cloneHeader(r.Header)
	if r.arrival == nil {
		alone := c
		return &alone
	}
	return join(c, r.arrival.clone())
}
