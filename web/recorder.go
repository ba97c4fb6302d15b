package web

import (
	"context"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"quartet/handler"
	"quartet/transport/wire"
)

// recorder is the http.ResponseWriter of Serve: it collects an answer and keeps the rules that net/http's own one keeps.
type recorder struct {
	header http.Header // the handler's
	cancel context.CancelCauseFunc
	limit  int  // bytes of the body
	head   bool // the body is counted, not kept

	status   int         // 0: nothing is decided yet
	sent     http.Header // what header was then
	declared int64       // Content-Length as the handler gave it, or -1
	written  int64
	flushed  bool
	body     []byte // for HEAD its beginning, from which its type is guessed
	err      error  // why the answer cannot cross
}

// guessFrom is how much of a body http.DetectContentType looks at.
const guessFrom = 512

func newRecorder(r *handler.Request, cancel context.CancelCauseFunc) *recorder {
	return &recorder{header: http.Header{}, cancel: cancel, limit: answerLimit(r), head: r.Method == handler.MethodHead, declared: -1}
}

// Header implements http.ResponseWriter.
func (rec *recorder) Header() http.Header { return rec.header }

// WriteHeader decides the answer's status and fields, the first time.
func (rec *recorder) WriteHeader(status int) {
	switch {
	case status < 100 || status > 999:
		panic("web: WriteHeader: invalid status " + strconv.Itoa(status)) // as net/http does
	case rec.status != 0:
		return
	case status == http.StatusSwitchingProtocols:
		rec.fail(notImplemented("an upgrade to another protocol does not go through a service"))
	case status < 200:
		return // more is to come
	}
	rec.status = status
	rec.sent = cloneFields(rec.header)
	rec.inspect()
}

// cloneFields keeps nil values, which say that a field shall not be made up.
func cloneFields(h http.Header) http.Header {
	c := maps.Clone(h)
	for name, values := range c {
		c[name] = slices.Clone(values)
	}
	return c
}

// inspect looks for what the fields promise and cannot be had.
func (rec *recorder) inspect() {
	kind, _, _ := mime.ParseMediaType(rec.sent.Get("Content-Type"))
	switch {
	case rec.status > 599:
		rec.fail(handler.Errorf(http.StatusBadGateway, "an answer with status %d", rec.status))
	case kind == "text/event-stream":
		rec.fail(notImplemented("an event stream does not go through a service"))
	case len(rec.sent.Values("Trailer")) > 0:
		rec.fail(notImplemented("trailers do not go through a service"))
	}
	if n := rec.sent.Get("Content-Length"); validLength(n) {
		rec.declared, _ = strconv.ParseInt(n, 10, 64)
	}
	rec.sent.Del("Content-Length")
}

// fail gives the answer up, once; the handler hears of it by its context.
func (rec *recorder) fail(err error) {
	if rec.err == nil {
		rec.err, rec.body = err, nil
		rec.cancel(err)
	}
}

// Write implements http.ResponseWriter.
func (rec *recorder) Write(p []byte) (int, error) {
	if rec.status == 0 {
		rec.WriteHeader(http.StatusOK)
	}
	switch {
	case rec.err != nil:
		return 0, rec.err
	case len(p) == 0:
		return 0, nil
	case rec.bodyless():
		return 0, http.ErrBodyNotAllowed
	}
	rec.written += int64(len(p))
	switch {
	case rec.declared >= 0 && rec.written > rec.declared:
		return 0, http.ErrContentLength
	case rec.head:
		rec.body = append(rec.body, p[:min(len(p), guessFrom-len(rec.body))]...)
	case rec.written > int64(rec.limit):
		rec.fail(handler.Errorf(http.StatusBadGateway, "the service's answer is larger than %d bytes", rec.limit))
		return 0, rec.err
	default:
		rec.body = append(rec.body, p...)
	}
	return len(p), nil
}

// WriteString implements io.StringWriter.
func (rec *recorder) WriteString(s string) (int, error) { return rec.Write([]byte(s)) }

// Flush implements http.Flusher: it decides status and fields, the type of the body among them, and sends nothing.
func (rec *recorder) Flush() {
	if rec.status == 0 {
		rec.WriteHeader(http.StatusOK)
	}
	if !rec.flushed {
		rec.flushed = true
		rec.guessType()
	}
}

func (rec *recorder) bodyless() bool {
	return rec.status == http.StatusNoContent || rec.status == http.StatusNotModified
}

// response is the answer once the handler has returned.
func (rec *recorder) response() (*handler.Response, error) {
	rec.Flush()
	for name := range rec.header {
		if strings.HasPrefix(name, http.TrailerPrefix) {
			rec.fail(notImplemented("trailers do not go through a service"))
		}
	}
	if rec.declared > int64(len(rec.body)) && !rec.head && !rec.bodyless() { // also where a Write too long was refused
		rec.fail(handler.Errorf(http.StatusBadGateway, "the service's answer is shorter than it said"))
	}
	if rec.err != nil {
		return nil, rec.err
	}
	return rec.finish()
}

// guessType sets Content-Type where the handler has not, as net/http does.
func (rec *recorder) guessType() {
	_, set := rec.sent["Content-Type"]
	if !set && len(rec.body) > 0 && rec.sent.Get("Content-Encoding") == "" {
		rec.sent.Set("Content-Type", http.DetectContentType(rec.body[:min(len(rec.body), guessFrom)]))
	}
}

// finish turns the fields into those of the wire.
func (rec *recorder) finish() (*handler.Response, error) {
	f := fields{values: make(map[string][]string, len(rec.sent)+1)}
	stays := stays(rec.sent)
	for name, values := range rec.sent {
		name = strings.ToLower(name)
		if len(values) > 0 && !stays(name) && (wire.ValidHeaderName(name) || len(name) > wire.MaxName) {
			f.add(name, values, blankControl)
		}
	}
	if len(rec.body) > 0 && len(f.values["content-type"]) == 0 {
		f.values[noTypeField] = []string{""}
	}
	if f.tooLarge() {
		return nil, handler.Errorf(http.StatusBadGateway,
			"the header of the service's answer is more than %d fields, %d values, or %d bytes of both", maxNames, maxValues, maxFields)
	}
	resp := &handler.Response{Status: rec.status, Header: f.values, Body: rec.body}
	if rec.head {
		rec.finishHead(resp)
	}
	return resp, nil
}

// finishHead leaves the body out and keeps its length.
func (rec *recorder) finishHead(resp *handler.Response) {
	resp.Body = nil
	switch {
	case rec.declared >= 0:
		resp.SetHeader("content-length", strconv.FormatInt(rec.declared, 10))
	case rec.written > 0:
		resp.SetHeader("content-length", strconv.FormatInt(rec.written, 10))
	}
}
