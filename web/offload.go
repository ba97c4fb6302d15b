package web

import (
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"

	"quartet/handler"
	"quartet/service"
	"quartet/transport/wire"
)

// Offload returns an http.Handler that sends every request, whole, to a service and writes back its answer. With [Serve]
// on the other side an HTTP handler moves to another process:
//
//	router.Mount("/reports", web.Offload(client, "reports")) // it was: router.Mount("/reports", reports)
//
// The METHOD is that of HTTP in lower case, the path the escaped one, and fields have their names in lower case. Query,
// scheme, host, the client's address, and what chi's routers have found out before (URL parameters, and what is left of
// the path for a mounted router) travel in reserved fields. Serve puts them back; other handlers find the query with
// [Query]. The deadline of the request's context and the end of the client's connection reach the handler at once. A call
// that ends without an answer is shown as by [Error].
//
// Besides, clients can tell from a handler in this process what follows here, and handlers what Serve says:
//
//   - Bodies travel whole, up to service.WithMaxBody (4 MiB by default). A larger request is answered with 413, and not
//     read if it says its length; one that is malformed with 400; one beyond MaxBuffered with 503. Otherwise who waits
//     for 100 Continue gets it. An answer comes when it is complete; a larger answer becomes 502.
//   - Of what fits no message, a path of more than 4 KiB is answered with 414, more than 112 fields, 512 values or 52 KiB
//     of both with 431; control characters, and what is neither UTF-8 nor Latin-1, with 400.
//   - 501 is the answer to Upgrades (WebSocket and others; h2c is ignored, as net/http does), requests that accept nothing
//     but an event stream, trailers, CONNECT, the target *, and methods that are not of capital letters, digits, - and _.
//   - Hop-by-hop fields, and what the field Connection names, stay behind, and of clients' fields also those that begin
//     with "quartet-", which are the reserved ones. A client could so take away what a middleware here has set, unless
//     that deletes Connection.
//   - Max-Forwards of OPTIONS and TRACE is counted down, and 0 is answered with 200 at once. A request that has passed
//     handler.MaxHops services ends with 508.
//   - Fields of the answer replace those that the app has set before, but for Set-Cookie and Vary, to which they add.
//
// From a handler that is not Serve's, a body without a content-type is application/msgpack, and an answer with status
// >= 400, a reason and no body is shown as by Error. If the client has a response handler for the path (see
// service.WithResponses), what that makes of the answer is written.
//
// The body must not have been read before, else 500. The routes behind Offload are not known here: chi.Walk does not list
// them, and middleware.GetHead belongs to the router that has them.
//
// The handler is safe for concurrent use. The options are those of every call: service.WithTimeout gives it more than 30 s.
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
	path := targetPath(r.URL)
	if len(path) > wire.MaxPath {
		return nil, handler.Errorf(http.StatusRequestURITooLong, "a path of more than %d bytes does not go through a service", wire.MaxPath)
	}
	f := fields{values: make(map[string][]string, len(r.Header)+8)}
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
	if t, _ := handler.TrailFrom(r.Context()); t.TraceParent != "" { // what the app says goes before what the client says
		delete(f.values, "traceparent")
		delete(f.values, "tracestate")
	}
	if left, limited := maxForwards(r); limited {
		f.values["max-forwards"] = []string{strconv.FormatUint(left-1, 10)}
	}
	if !f.addOrigin(r, path) {
		return nil, handler.Errorf(http.StatusBadRequest, "a control character in the query, the host or the client's address")
	}
	if f.tooLarge() {
		return nil, handler.Errorf(http.StatusRequestHeaderFieldsTooLarge,
			"more than %d header fields, %d values, or %d bytes of both with the query, do not go through a service", maxNames, maxValues, maxFields)
	}
	return &handler.Request{Path: path, Method: strings.ToLower(r.Method), Header: f.values}, nil
}

// addOrigin adds what HTTP says outside of its fields.
func (f *fields) addOrigin(r *http.Request, path string) bool {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	f.values[schemeField] = []string{scheme}
	f.addRoute(r, path)
	ok := r.RemoteAddr == "" || f.add(remoteField, []string{r.RemoteAddr}, refuseControl)
	if r.Host != "" {
		ok = f.add(hostField, []string{r.Host}, refuseControl) && ok
	}
	if r.URL.RawQuery != "" || r.URL.ForceQuery {
		ok = f.add(queryField, []string{r.URL.RawQuery}, refuseControl) && ok
	}
	return ok
}
