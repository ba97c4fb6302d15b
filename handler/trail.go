package handler

import (
	"context"
	"slices"
	"strings"
)

// MaxHops is how many times a request, and what handlers ask because of it, may go on to a further service.
const MaxHops = 8

// Names of header fields that carry a Trail. Those that begin with ReservedHeader belong to Quartet; an HTTP client
// cannot set them.
const (
	ReservedHeader = "quartet-"

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
type Trail struct {
	// RequestID names the event: 1 to 128 letters, digits and any of . _ : - ; see ValidRequestID.
	RequestID string
	// TraceParent and TraceState are the fields of W3C Trace Context. They travel as they are; Quartet makes no spans.
	TraceParent, TraceState string
	// Callers are the names of the processes that asked, the one that began first. They are what processes say of
	// themselves: good for logs, not a proof.
	Callers []string
	// Hops is how many services the event has passed when the next one is asked.
	Hops int
}

type trailKey struct{}

// WithTrail returns a context whose calls carry t.
func WithTrail(ctx context.Context, t Trail) context.Context {
	return context.WithValue(ctx, trailKey{}, &t)
}

// TrailFrom returns the Trail of a context: that of WithTrail or of the Request that is served, whichever was set
// last; false outside of both.
func TrailFrom(ctx context.Context) (Trail, bool) {
	switch v := ctx.Value(trailKey{}).(type) {
	case *Trail:
		return *v, true
	case *Request:
		return v.Trail(), true
	}
	return Trail{}, false
}

// Trail returns what came with the request. In a response handler it is that of the request that was answered.
func (r *Request) Trail() Trail {
	header := r.Header
	if r.Answer != nil {
		header = r.asked
	}
	t := Trail{RequestID: first(header, requestIDHeader), Callers: r.callers(header), Hops: r.hops + 1}
	if p := first(header, traceParentHeader); ValidTraceParent(p) {
		t.TraceParent = p
		if s := first(header, traceStateHeader); len(s) <= maxTraceState {
			t.TraceState = s
		}
	}
	if !ValidRequestID(t.RequestID) {
		t.RequestID = ""
	}
	return t
}

// callers are those that the header names and the one that sent the request.
func (r *Request) callers(header map[string][]string) []string {
	told := header[callersHeader]
	told = told[:min(len(told), MaxHops)]
	if r.caller == "" {
		return slices.Clone(told)
	}
	return append(slices.Clip(told), r.caller)
}

// Apply returns header with the fields of t that it does not have, in a copy where there are any.
func (t Trail) Apply(header map[string][]string) map[string][]string {
	copied := false
	add := func(name string, values ...string) {
		if _, ok := header[name]; ok || len(values) == 0 || values[0] == "" {
			return
		}
		if !copied {
			copied = true
			old := header
			header = make(map[string][]string, len(old)+4)
			for k, v := range old {
				header[k] = v
			}
		}
		header[name] = values
	}
	add(requestIDHeader, t.RequestID)
	add(callersHeader, t.Callers...)
	if _, ok := header[traceParentHeader]; !ok {
		add(traceParentHeader, t.TraceParent)
		add(traceStateHeader, t.TraceState)
	}
	return header
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
