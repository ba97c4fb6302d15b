package web_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// brokenExchanges are about answers that cannot come through as they are.
func brokenExchanges() []exchange {
	var all []exchange
	for name, c := range map[string]struct {
		by    difference
		serve http.HandlerFunc
		why   string
		code  int
	}{
		"a panic":      {panicked, func(http.ResponseWriter, *http.Request) { panic("oh") }, "internal error", 500},
		"a late panic": {panicked, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, letters(5000)); panic("oh") }, "internal error", 500},
		"a bad status": {panicked, answering(1000, ""), "internal error", 500},
		"status 99":    {panicked, answering(99, ""), "internal error", 500},
		"status 600":   {badStatus, answering(600, "x"), "an answer with status 600", 502},
		"status 999":   {badStatus, answering(999, ""), "an answer with status 999", 502},
		"an abort":     {aborted, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "the answer was aborted", 502},
		"a late abort": {aborted, func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, letters(5000))
			panic(http.ErrAbortHandler)
		}, "the answer was aborted", 502},
		"a short body": {cutShort, answering(0, "1234", "Content-Length", "5"), shortAnswer, 502},
		"no body":      {cutShort, answering(0, "", "Content-Length", "5"), shortAnswer, 502},
		"a body that would be too long": {cutShort, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "5")
			report(w, "123", nil)
			report(w, "456", http.ErrContentLength) // and nothing of it counts
		}, shortAnswer, 502},
		"names":                   {longHead, answering(0, "", pairs(113)...), longHeadReason, 502},
		"values":                  {longHead, func(w http.ResponseWriter, _ *http.Request) { w.Header()["X"] = make([]string, 513) }, longHeadReason, 502},
		"bytes":                   {longHead, answering(0, "", "X", strings.Repeat("v", 53<<10)), longHeadReason, 502},
		"a name":                  {longHead, answering(0, "", strings.Repeat("N", 257), "v"), longHeadReason, 502},
		"a stream":                {events, eventStream, noStream, 501},
		"a stream with a charset": {events, answering(0, "", "Content-Type", "Text/Event-Stream; charset=utf-8"), noStream, 501},
		"trailers":                {events, trailersAnnounced, noTrailers, 501},
		"trailers late":           {events, trailersLate, noTrailers, 501},
		"an upgrade":              {events, answering(101, "", "Upgrade", "foo", "Connection", "Upgrade"), noUpgrade, 501},
	} {
		all = append(all, exchange{name: "broken: " + name, serve: c.serve, differs: []difference{c.by.refused(c.code, c.why)}})
	}
	for name, c := range map[string]struct{ fields, gone []string }{
		"Connection":    {[]string{"Connection", "close"}, []string{"Connection"}},
		"what it names": {[]string{"Connection", "x-gone", "X-Gone", "1", "Connection", "also-gone", "Also-Gone", "2", "Stays", "3"}, []string{"Connection", "X-Gone", "Also-Gone"}},
		"Keep-Alive":    {[]string{"Keep-Alive", "timeout=5"}, []string{"Keep-Alive"}},
		"Proxy-…":       {[]string{"Proxy-Authenticate", "Basic", "Proxy-Connection", "close"}, []string{"Proxy-Authenticate", "Proxy-Connection"}},
		"Upgrade":       {[]string{"Upgrade", "h2c", "Te", "x"}, []string{"Upgrade", "Te"}},
		"quartet-": {[]string{"Quartet-Request-Id", "a", "Quartet-No-Type", "", "Quartet-Latin-1", "x", "X", "\u00e9"},
			[]string{"Quartet-Request-Id", "Quartet-No-Type", "Quartet-Latin-1"}},
	} {
		all = append(all, exchange{name: "stays behind: " + name, serve: answering(0, "hi", c.fields...), differs: []difference{
			connField.by(func(a *reply) {
				for _, gone := range c.gone {
					a.drop(gone)
				}
			})}})
	}
	return append(all,
		exchange{name: "ESC, C1 and NUL", serve: answering(0, "", "X", "a\x1b[31mb\x00c\x7fd", "Y", "a\u0085b", "Z", "caf\xe9\x9b31m"), differs: []difference{
			blanked.by(func(a *reply) { a.set("X", "a [31mb c d"); a.set("Y", "a b"); a.set("Z", "caf\xe9 31m") })}},
		exchange{name: "names in lower case", serve: func(w http.ResponseWriter, _ *http.Request) { w.Header()["x-lower-y"] = []string{"a"} },
			differs: []difference{canonical.by(func(a *reply) { a.drop("x-lower-y"); a.set("X-Lower-Y", "a") })}},
		exchange{name: "hints", serve: hints, differs: []difference{noEarly}},
		exchange{name: "what needs the connection", serve: needsConnection, differs: []difference{
			controls.by(func(a *reply) { a.setBody("deadline false, duplex false, hijack false") })}},
	)
}

const (
	shortAnswer    = "the service's answer is shorter than it said"
	longHeadReason = "the header of the service's answer is more than 112 fields, 512 values, or 53248 bytes of both"
)

// pairs are n fields for answering.
func pairs(n int) (fields []string) {
	for i := range n {
		fields = append(fields, fmt.Sprint("X-", i), "v")
	}
	return fields
}

// eventStream sends events until its reader has enough or has gone: through a service its first Write says so.
func eventStream(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	for i := range 3 {
		if _, err := fmt.Fprintf(w, "data: %d\n\n", i); err != nil {
			<-r.Context().Done()
			return
		}
		w.(http.Flusher).Flush()
	}
}

func trailersAnnounced(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Trailer", "X-Sum")
	fmt.Fprint(w, "body")
	w.Header().Set("X-Sum", "1")
}

func trailersLate(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprint(w, "body")
	w.(http.Flusher).Flush()
	w.Header().Set(http.TrailerPrefix+"X-Sum", "1")
}

func hints(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Link", "</style.css>; rel=preload")
	w.WriteHeader(http.StatusEarlyHints)
	w.WriteHeader(http.StatusProcessing)
	fmt.Fprint(w, "done")
}

// needsConnection tells which controls there are.
func needsConnection(w http.ResponseWriter, r *http.Request) {
	c := http.NewResponseController(w)
	deadline := errors.Join(c.SetReadDeadline(time.Time{}), c.SetWriteDeadline(time.Time{}))
	duplex := c.EnableFullDuplex()
	_, hijack := w.(http.Hijacker)
	_, _ = io.WriteString(w, fmt.Sprintf("deadline %v, duplex %v, hijack %v", deadline == nil, duplex == nil, hijack))
}
