package web

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"quartet/handler"
	"quartet/service"
	"quartet/transport/wire"
)

// Serve returns a Handler that serves requests with h, an ordinary HTTP handler such as a chi router with its
// middlewares. It is the other side of [Offload]:
//
//	server := service.NewServer("reports", web.Serve(reports))
//
// h sees the request as if the client had sent it to this process over HTTP/1.1 in one piece: method, URL, header, Host,
// RemoteAddr, and a TLS that is not nil where the scheme was https, with nothing in it but the server's name.
// ContentLength is always known. RequestURI and URL are those of the origin form, with everything escaped that a path may
// not have; they say what the middlewares before Offload have left of the path. A chi router that was mounted goes on
// with its part of the path, and finds the URL parameters of those around it. The context ends at the deadline, or when the
// client has gone, and carries the request that travelled (handler.FromContext), so that calls made with it belong to it,
// but no other values that middlewares before Offload have put into it. A request that did not come from Offload has no
// query, and its METHOD in upper case.
//
// The answer is collected up to the limit of a body, and crosses when h returns. Content-Type is guessed as net/http does,
// though before the app's middlewares see the answer; Content-Length is always known; names have their usual case. Control
// characters in fields become spaces; hop-by-hop fields, reserved ones, and those that Connection names stay behind.
// Informational answers (1xx) are dropped, Flush does not send, and what needs the connection itself (Hijack, deadlines,
// full duplex) is not supported.
//
// A panic is answered with 500. An answer that cannot cross becomes an error: 502 for one that is too large, whose fields
// exceed what a request's may, that has a status over 599, is shorter than its Content-Length, or was aborted with
// http.ErrAbortHandler; 501 for an event stream, an upgrade or trailers. Write then fails, and the context ends, so that h
// can stop.
func Serve(h http.Handler) handler.Handler {
	if h == nil {
		panic("web: Serve: nil handler")
	}
	return handler.Func(func(ctx context.Context, r *handler.Request) (*handler.Response, error) {
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		req, err := httpRequest(ctx, r, h)
		if err != nil {
			return nil, err
		}
		rec := newRecorder(r, cancel)
		if err := run(h, rec, req); err != nil {
			return nil, err
		}
		return rec.response()
	})
}

// run makes an error of http.ErrAbortHandler; other panics go on.
func run(h http.Handler, rec *recorder, r *http.Request) (err error) {
	defer func() {
		value := recover()
		if e, ok := value.(error); ok && errors.Is(e, http.ErrAbortHandler) {
			err = &handler.Error{Status: http.StatusBadGateway, Reason: "the answer was aborted", Err: e}
		} else if value != nil {
			panic(value)
		}
	}()
	h.ServeHTTP(rec, r)
	return nil
}

// Query returns the query of a request that [Offload] sent, for handlers that are not HTTP's. As url.URL.Query it drops
// what it cannot read; it is empty where there is none.
func Query(r *handler.Request) url.Values {
	raw, _ := rawQuery(r)
	values, _ := url.ParseQuery(raw)
	return values
}

// rawQuery tells also whether there was a question mark.
func rawQuery(r *handler.Request) (raw string, ok bool) {
	if values := decode(r.Header, queryField); len(values) > 0 {
		return values[0], true
	}
	return "", false
}

// httpRequest makes the request as net/http would have read it for h.
func httpRequest(ctx context.Context, r *handler.Request, h http.Handler) (*http.Request, error) {
	uri := strings.ReplaceAll(r.Path, "?", "%3F") // of a path that was not escaped
	if query, ok := rawQuery(r); ok {
		uri += "?" + query
	}
	u, err := url.ParseRequestURI(uri)
	if err != nil {
		return nil, &handler.Error{Status: http.StatusBadRequest, Reason: "the path cannot be read", Err: err}
	}
	header := make(http.Header, len(r.Header))
	for name := range r.Header {
		if !strings.HasPrefix(name, handler.ReservedHeader) && wire.ValidHeaderName(name) {
			header[http.CanonicalHeaderKey(name)] = decode(r.Header, name)
		}
	}
	req := &http.Request{
		Method: strings.ToUpper(methodOf(r)), URL: u, RequestURI: uri,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Host: one(r, hostField), RemoteAddr: one(r, remoteField),
		Body: http.NoBody, ContentLength: int64(len(r.Body)),
	}
	if said := header.Get("Content-Length"); said != "" { // who forwarded it may have changed the body
		if n, err := strconv.Atoi(said); err != nil || n != len(r.Body) {
			header.Set("Content-Length", strconv.Itoa(len(r.Body)))
		}
	}
	if len(r.Body) > 0 {
		req.Body = io.NopCloser(bytes.NewReader(r.Body))
	}
	if one(r, schemeField) == "https" {
		req.TLS = &tls.ConnectionState{HandshakeComplete: true, ServerName: hostName(req.Host)}
	}
	return withRoute(req.WithContext(ctx), r, h), nil
}

func methodOf(r *handler.Request) string {
	if r.Method == "" {
		return handler.MethodRequest
	}
	return r.Method
}

func one(r *handler.Request, field string) string {
	if values := decode(r.Header, field); len(values) > 0 {
		return values[0]
	}
	return ""
}

// hostName is a host without its port.
func hostName(host string) string { return (&url.URL{Host: host}).Hostname() }

// answerLimit is what the body of an answer may have.
func answerLimit(r *handler.Request) int {
	if n := r.MaxBody(); n > 0 {
		return n
	}
	return service.DefaultMaxBody
}
