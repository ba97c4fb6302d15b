package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"quartet/handler"
	"quartet/service"
	"quartet/transport/wire"
)

// Forward sends req to a service in place of an answer of the page: whatever comes back, status, header and body, is
// written, as [Offload] does, or the error, as [Error] does. The page writes nothing before or after. The call ends with
// the request's context, and belongs to it: deadline, Trail and hops stay, and a handler that answers with
// handler.Forward moves the page on once more.
//
//	web.Forward(w, r, p, "thumbs", &handler.Request{Path: "/thumbs/" + id, Method: handler.MethodGet})
func Forward(w http.ResponseWriter, r *http.Request, c service.Caller, name string, req *handler.Request, o ...service.CallOption) {
	reply, err := c.Call(r.Context(), name, req, o...)
	resp := (*handler.Response)(nil)
	if err == nil {
		resp = reply.Response
		if err = reply.MadeErr; err == nil && reply.Made != nil {
			resp = reply.Made
		}
	}
	switch {
	case err != nil:
		Error(w, r, err)
	case resp.Code() < http.StatusOK || resp.Code() > 599: // net/http would write the one at once, and panic on the other
		Error(w, r, handler.Errorf(http.StatusBadGateway, "the service answered with status %d", resp.Code()))
	case resp.Code() >= http.StatusBadRequest && resp.Reason != "" && len(resp.Body) == 0:
		Error(w, r, resp.AsError())
	default:
		writeAnswer(w, r, resp)
	}
}

// writeAnswer writes what a service answered.
func writeAnswer(w http.ResponseWriter, r *http.Request, resp *handler.Response) {
	copyAnswer(w.Header(), resp.Header)
	h := w.Header()
	status := resp.Code()
	bodyless := status == http.StatusNoContent || status == http.StatusNotModified
	switch {
	case bodyless:
	case r.Method == http.MethodHead:
		if n := resp.HeaderValue("content-length"); validLength(n) {
			h.Set("Content-Length", n)
		} else if len(resp.Body) > 0 {
			h.Set("Content-Length", strconv.Itoa(len(resp.Body)))
		}
	default:
		h.Set("Content-Length", strconv.Itoa(len(resp.Body)))
	}
	if len(h.Values("Content-Type")) == 0 {
		h["Content-Type"] = nil // keeps net/http from guessing: whoever answered has done so
		if _, untyped := resp.Header[noTypeField]; len(resp.Body) > 0 && !untyped && !bodyless {
			h.Set("Content-Type", "application/msgpack")
		}
	}
	w.WriteHeader(status)
	if !bodyless && r.Method != http.MethodHead {
		_, _ = w.Write(resp.Body) // a client that has gone is nobody's error
	}
}

// copyAnswer takes over the fields of an answer.
func copyAnswer(to http.Header, from map[string][]string) {
	stays := stays(from)
	for name := range from {
		if lower := strings.ToLower(name); stays(lower) || lower == "content-length" || !wire.ValidHeaderName(lower) {
			continue
		}
		values := decode(from, name)
		canonical := http.CanonicalHeaderKey(name)
		if canonical == "Set-Cookie" || canonical == "Vary" {
			values = append(slices.Clip(to[canonical]), values...)
		}
		to[canonical] = values
	}
}

// validLength reports whether n may be the value of Content-Length.
func validLength(n string) bool {
	v, err := strconv.ParseUint(n, 10, 63)
	return err == nil && strconv.FormatUint(v, 10) == n
}
