package handler

import (
	"context"
	"strings"

	"quartet/transport/wire"
)

// MaxHops is how many times a request, and what handlers ask because of it, may go on to a further service.
const MaxHops = 8

// ReservedHeader is what the names of header fields begin with that belong to Quartet: they carry a Trail, or what web
// needs beside HTTP's own fields. No HTTP client can set them: web.Offload leaves a client's behind.
const ReservedHeader = "quartet-"

// Header fields that carry a Trail.
const (
	requestIDHeader   = ReservedHeader + "request-id"
	callersHeader     = ReservedHeader + "callers"
	traceParentHeader = "traceparent"
	traceStateHeader  = "tracestate"
)

const (
	maxRequestID  = 128
	maxTraceState = 512 // W3C Trace Context, 3.3.1.5
)

// Trail is what stays the same along all calls that one event causes. A client takes it from the context that it is
// given and passes it on, so that a handler which calls other services needs to do nothing but hand on its context.
// What is not valid, wherever it comes from, is left out: no value can break a call that carries it.
type Trail struct {
	// RequestID names the event: 1 to 128 letters, digits and any of . _ : - ; see ValidRequestID.
	RequestID string
	// TraceParent and TraceState are the fields of W3C Trace Context. They travel as they are; Quartet makes no spans.
	// See ValidTraceParent; a state has at most 512 bytes of printable ASCII, and means nothing without its parent.
	TraceParent, TraceState string
	// Callers are the names of the processes that asked, the one that began first, at most one more than MaxHops. They
	// are what processes say of themselves: good for logs, not a proof.
	Callers []string
	// Hops is how many services the event has passed when the next one is asked.
	Hops int
}

type trailKey struct{}

// WithTrail returns a context whose calls carry t.
func WithTrail(ctx context.Context, t Trail) context.Context {
	t = t.clean()
	return context.WithValue(ctx, trailKey{}, &t)
}

// TrailFrom returns the Trail of a context: that of WithTrail or of the Request that is served, whichever was set
// last; false outside of both.
func TrailFrom(ctx context.Context) (Trail, bool) {
	switch v := ctx.Value(trailKey{}).(type) {
	case *Trail:
		return *v, true
	case *Request:
		if v != nil {
			return v.Trail(), true
		}
	}
	return Trail{}, false
}

// Trail returns what came with the request. In a response handler it is that of the request that was answered.
func (r *Request) Trail() Trail {
	header, a := r.Header, r.known()
	if r.Answer != nil {
		header = a.asked
	}
	t := Trail{
		RequestID:   first(header, requestIDHeader),
		TraceParent: first(header, traceParentHeader), TraceState: first(header, traceStateHeader),
		Callers: validCallers(header[callersHeader], MaxHops), Hops: a.hops + 1,
	}
	if a.Caller != "" {
		t.Callers = append(t.Callers, a.Caller)
	}
	return t.clean()
}

// clean leaves out what is not valid.
func (t Trail) clean() Trail {
	if !ValidRequestID(t.RequestID) {
		t.RequestID = ""
	}
	if !ValidTraceParent(t.TraceParent) {
		t.TraceParent = ""
	}
	if t.TraceParent == "" || !validTraceState(t.TraceState) {
		t.TraceState = ""
	}
	t.Callers = validCallers(t.Callers, MaxHops+1)
	t.Hops = max(t.Hops, 0)
	return t
}

// validCallers are the first of those names that can be one, in a slice of their own.
func validCallers(names []string, most int) (valid []string) {
	for _, name := range names {
		if len(valid) == most {
			break
		}
		if wire.ValidName(name) {
			valid = append(valid, name)
		}
	}
	return valid
}

// Apply returns header with the fields of t that it does not have, as far as there is room for them, in a copy where
// there are any. The callers are always those of t: a header that a handler hands on does not know them all.
func (t Trail) Apply(header map[string][]string) map[string][]string {
	t = t.clean()
	a := applied{header: header}
	a.add(requestIDHeader, t.RequestID)
	if len(t.Callers) > 0 {
		a.set(callersHeader, t.Callers)
	}
	if _, ok := header[traceParentHeader]; !ok {
		a.add(traceParentHeader, t.TraceParent)
		a.add(traceStateHeader, t.TraceState)
	}
	return a.header
}

// applied is a header that becomes a copy with the first field that is set.
type applied struct {
	header map[string][]string
	copied bool
	values int // in the copy
}

// add sets a field that the header does not have.
func (a *applied) add(name, value string) {
	if _, ok := a.header[name]; !ok && value != "" {
		a.set(name, []string{value})
	}
}

// set sets a field, unless the header would be too large to travel.
func (a *applied) set(name string, values []string) {
	if !a.copied {
		old := a.header
		a.header, a.copied = make(map[string][]string, len(old)+4), true
		for k, v := range old {
			a.header[k] = v
			a.values += len(v)
		}
	}
	old, ok := a.header[name]
	more := len(values) - len(old)
	if !ok && len(a.header) >= wire.MaxHeaderNames || a.values+more > wire.MaxHeaderValues {
		return
	}
	a.header[name] = values
	a.values += more
}

// ValidRequestID reports whether s may be a request id.
func ValidRequestID(s string) bool {
	if s == "" || len(s) > maxRequestID {
		return false
	}
	for i := range len(s) {
		c := s[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && strings.IndexByte("._:-", c) < 0 {
			return false
		}
	}
	return true
}

// validTraceState reports whether s may be a tracestate, without a look at its grammar, which is for those who add to it.
func validTraceState(s string) bool {
	if len(s) > maxTraceState {
		return false
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// ValidTraceParent reports whether s is a traceparent of version 00, as W3C Trace Context has it: 00-32 hex
// digits-16 hex digits-2 hex digits, in lower case, neither id all zeros.
func ValidTraceParent(s string) bool {
	if len(s) != 55 || s[:3] != "00-" || s[35] != '-' || s[52] != '-' {
		return false
	}
	for _, part := range []string{s[3:35], s[36:52], s[53:]} {
		if strings.Trim(part, "0123456789abcdef") != "" {
			return false
		}
	}
	return strings.Trim(s[3:35], "0") != "" && strings.Trim(s[36:52], "0") != ""
}
