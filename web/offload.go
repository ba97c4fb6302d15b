package web

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"

	"quartet/handler"
	"quartet/service"
	"quartet/transport/wire"
)

// MaxBuffered bounds the bytes of bodies over 64 KiB that one Offload handler holds at a time. What is more is answered
// with 503.
const MaxBuffered = 64 << 20

// freeBody is how much of a body does not count.
const freeBody = 64 << 10

// Offload returns an http.Handler that sends every request, whole, to a service and writes back its answer. With Serve
// on the other side an HTTP handler moves to another process, and nobody can tell from outside:
//
//	router.Mount("/reports", web.Offload(client, "reports")) // it was: router.Mount("/reports", reports)
//
// The METHOD is that of HTTP in lower case, the path the escaped one. The header crosses in lower case, but for
// hop-by-hop fields and those that begin with "quartet-", which clients cannot set; query, scheme, host and the client's
// address go along and Serve puts them back, while other handlers find the query with [Query]. The deadline of the
// request's context and the end of the client's connection reach the handler at once.
//
// Bodies are buffered, up to service.WithMaxBody (4 MiB by default): a request beyond it is answered with 413, an answer
// with 502. Fields of more than 52 KiB together, 120 names or 512 values are answered with 431, a path of more than 4 KiB
// with 414, a control character in a field with 400. Upgrades (WebSocket), event streams, trailers and CONNECT are
// answered with 501; of the fields that ask for them the one for HTTP/2 is ignored, as net/http does. Max-Forwards is
// obeyed as RFC 9110, 7.6.2 demands; a request that has passed handler.MaxHops services ends with 508.
//
// Of the answer, fields that the app has set before are replaced, but for Set-Cookie and Vary, to which it adds; a body
// without a content-type is application/msgpack. An answer with status >= 400, a reason and no body is shown as by
// [Error], and so is a call that ends without one. If the client has a response handler for the path, what that makes
// of the answer is written.
//
// The handler is safe for concurrent use. The options are those of every call.
func Offload(c service.Caller, name string, o ...service.CallOption) http.Handler {
	return &offload{caller: c, service: name, options: o}
}

type offload struct {
	caller  service.Caller
	service string
	options []service.CallOption
	held    atomic.Int64 // bytes of large bodies
}

// ServeHTTP implements http.Handler.
func (o *offload) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := refuse(r); err != nil {
		Error(w, r, err)
		return
	}
	if left, limited := maxForwards(r); limited && left == 0 {
		w.Header().Set("Content-Length", "0") // this is the last recipient, and has nothing to say
		w.WriteHeader(http.StatusOK)
		return
	}
	req, err := head(r)
	if err != nil {
		Error(w, r, err)
		return
	}
	body := metered{held: &o.held}
	defer body.release()
	if req.Body, err = body.read(w, r, o.maxBody()); err != nil {
		Error(w, r, err)
		return
	}
	Forward(w, r, o.caller, o.service, req, o.options...)
}

// maxBody asks the caller, if it knows.
func (o *offload) maxBody() int {
	if c, ok := o.caller.(interface{ MaxBody(service string) int }); ok {
		if n := c.MaxBody(o.service); n > 0 {
			return n
		}
	}
	return service.DefaultMaxBody
}

// refuse says what cannot be sent through a service, whatever it is.
func refuse(r *http.Request) error {
	switch {
	case r.Method == http.MethodConnect, r.URL.Path == "*":
		return notImplemented(r.Method + " does not go through a service")
	case upgrades(r):
		return notImplemented("an upgrade to another protocol does not go through a service")
	case onlyEventStream(r):
		return notImplemented("an event stream does not go through a service")
	case len(r.Trailer) > 0:
		return notImplemented("trailers do not go through a service")
	case strings.ToUpper(r.Method) != r.Method, !wire.ValidMethod(strings.ToLower(r.Method)):
		return notImplemented("the method does not go through a service")
	}
	return nil
}

func notImplemented(reason string) error {
	return &handler.Error{Status: http.StatusNotImplemented, Reason: reason}
}

// upgrades leaves out the one to HTTP/2, which a server may ignore and net/http does.
func upgrades(r *http.Request) bool {
	for _, v := range r.Header.Values("Upgrade") {
		for protocol := range strings.SplitSeq(v, ",") {
			if p := strings.TrimSpace(protocol); p != "" && !strings.EqualFold(p, "h2c") {
				return true
			}
		}
	}
	return false
}

// onlyEventStream tells the browser's EventSource, which accepts nothing else. Who accepts more may get it.
func onlyEventStream(r *http.Request) bool {
	ranges := parseAccept(r.Header.Values("Accept"))
	for _, m := range ranges {
		if m.kind != "text" || m.sub != "event-stream" {
			return false
		}
	}
	return len(ranges) > 0
}

// maxForwards reads the field of that name where RFC 9110 gives it a meaning.
func maxForwards(r *http.Request) (left uint64, limited bool) {
	if r.Method != http.MethodOptions && r.Method != http.MethodTrace {
		return 0, false
	}
	left, err := strconv.ParseUint(r.Header.Get("Max-Forwards"), 10, 32)
	return left, err == nil
}

// head makes a request of everything but the body.
func head(r *http.Request) (*handler.Request, error) {
	path := r.URL.EscapedPath()
	if path == "" {
		path = "/"
	}
	if len(path) > wire.MaxPath {
		return nil, handler.Errorf(http.StatusRequestURITooLong, "a path of more than %d bytes does not go through a service", wire.MaxPath)
	}
	f := fields{values: make(map[string][]string, len(r.Header)+4)}
	stays := stays(r.Header)
	for name, values := range r.Header {
		name = strings.ToLower(name)
		if stays(name) {
			continue
		}
		if !wire.ValidHeaderName(name) && len(name) <= wire.MaxName || !f.add(name, values, refuseControl) {
			return nil, handler.Errorf(http.StatusBadRequest, "a header field with a control character")
		}
	}
	if left, limited := maxForwards(r); limited {
		f.values["max-forwards"] = []string{strconv.FormatUint(left-1, 10)}
	}
	if !f.addOrigin(r) {
		return nil, handler.Errorf(http.StatusBadRequest, "a control character in the query or the host")
	}
	if f.tooLarge() {
		return nil, handler.Errorf(http.StatusRequestHeaderFieldsTooLarge, "the header fields and the query have more than %d bytes", maxFields)
	}
	return &handler.Request{Path: path, Method: strings.ToLower(r.Method), Header: f.values}, nil
}

// addOrigin adds what HTTP says outside of its fields.
func (f *fields) addOrigin(r *http.Request) bool {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	f.values[schemeField] = []string{scheme}
	if r.RemoteAddr != "" {
		f.values[remoteField] = []string{r.RemoteAddr}
	}
	ok := r.Host == "" || f.add(hostField, []string{r.Host}, refuseControl)
	if r.URL.RawQuery != "" || r.URL.ForceQuery {
		ok = f.add(queryField, []string{r.URL.RawQuery}, refuseControl) && ok
	}
	return ok
}

// metered counts what a body takes of MaxBuffered.
type metered struct {
	io.Reader
	held *atomic.Int64
	own  int64
}

var errBusy = &handler.Error{
	Status: http.StatusServiceUnavailable, Reason: "too many large requests are under way",
	Header: map[string][]string{"retry-after": {"1"}},
}

// read reads a whole body of at most limit bytes.
func (m *metered) read(w http.ResponseWriter, r *http.Request, limit int) ([]byte, error) {
	if r.ContentLength > int64(limit) {
		w.Header().Set("Connection", "close") // nobody reads it
		return nil, tooLarge(limit)
	}
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	m.Reader = http.MaxBytesReader(w, r.Body, int64(limit))
	body, err := m.all(r.ContentLength)
	var long *http.MaxBytesError
	var own *handler.Error
	switch {
	case errors.As(err, &long):
		return nil, tooLarge(limit)
	case errors.As(err, &own):
		return nil, own
	case err != nil && r.Context().Err() != nil:
		return nil, r.Context().Err()
	case err != nil:
		return nil, &handler.Error{Status: http.StatusBadRequest, Reason: "the body cannot be read", Err: err}
	case len(r.Trailer) > 0: // some are not announced
		return nil, notImplemented("trailers do not go through a service")
	}
	return body, nil
}

func tooLarge(limit int) error {
	return handler.Errorf(http.StatusRequestEntityTooLarge, "a body of more than %d bytes does not go through the service", limit)
}

// all reads to the end. What a client says of the length is believed up to freeBody.
func (m *metered) all(length int64) ([]byte, error) {
	size := min(max(length+1, 512), freeBody)
	body := make([]byte, 0, size)
	for {
		n, err := m.Reader.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case err == io.EOF:
			return body, nil
		case err != nil:
			return nil, err
		case len(body) < cap(body):
			continue
		}
		grown := make([]byte, len(body), 2*cap(body))
		if !m.take(int64(cap(grown))) {
			return nil, fmt.Errorf("web: %w", errBusy)
		}
		copy(grown, body)
		body = grown
	}
}

// take notes that the body takes n bytes.
func (m *metered) take(n int64) bool {
	if n <= freeBody {
		return true
	}
	more := n - m.own
	if m.held.Add(more) > MaxBuffered {
		m.held.Add(-more)
		return false
	}
	m.own = n
	return true
}

func (m *metered) release() { m.held.Add(-m.own) }
