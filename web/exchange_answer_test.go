package web_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// answering makes a handler of fields (name, value, …), a status and a body.
func answering(status int, body string, fields ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(fields); i += 2 {
			w.Header().Add(fields[i], fields[i+1])
		}
		if status != 0 {
			w.WriteHeader(status)
		}
		_, _ = io.WriteString(w, body)
	}
}

// file serves bytes as a file does: ranges, conditions, types.
func file(name, content string) http.HandlerFunc {
	modified := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Etag", `"tag"`)
		http.ServeContent(w, r, name, modified, strings.NewReader(content))
	}
}

// statuses are some of each class, and those that mean something to HTTP itself.
var statuses = []int{200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 250, 299, 300, 301, 302, 303, 304, 305, 307, 308, 399,
	400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 412, 413, 415, 416, 417, 418, 421, 422, 425, 426, 428, 429, 431, 451, 499,
	500, 501, 502, 503, 504, 505, 507, 508, 511, 599}

// answerExchanges are about answers that come through as they are.
func answerExchanges() []exchange {
	var all []exchange
	for _, status := range statuses {
		all = append(all,
			exchange{name: fmt.Sprint("status ", status), serve: answering(status, "body of "+strconv.Itoa(status))},
			exchange{name: fmt.Sprint("bare status ", status), serve: answering(status, "")},
			exchange{name: fmt.Sprint("status to HEAD ", status), send: request("HEAD", "PATH", ""), serve: answering(status, "body")},
		)
	}
	for name, serve := range map[string]http.HandlerFunc{
		"nothing at all":  func(http.ResponseWriter, *http.Request) {},
		"HTML":            answering(0, "<!DOCTYPE html><p>hi"),
		"text":            answering(0, "hi"),
		"bytes":           answering(0, "\x00\x01\xff"),
		"an image":        answering(0, "\x89PNG\r\n\x1a\n"),
		"spaces first":    answering(0, strings.Repeat(" ", 600)+"<html>"),
		"a type":          answering(0, "{}", "Content-Type", "application/json"),
		"an odd type":     answering(0, "{}", "Content-Type", "; what"),
		"an empty type":   answering(0, "{}", "Content-Type", ""),
		"an encoding":     answering(0, "\x1f\x8b", "Content-Encoding", "gzip"),
		"msgpack":         answering(0, "\x80", "Content-Type", "application/msgpack"),
		"several cookies": answering(0, "", "Set-Cookie", "a=b; Path=/; HttpOnly", "Set-Cookie", "c=\"d, e\"; Max-Age=0", "Set-Cookie", "odd"),
		"several values":  answering(0, "", "X", "1", "Vary", "Accept", "X", "2", "Vary", "Cookie, Origin", "X", "1"),
		"latin-1":         answering(0, "", "X", "caf\xe9", "Y", "caf\u00e9 \u20ac"),
		"spaces around":   answering(0, "", "X", "  a\t", "Y", ""),
		"line ends":       answering(0, "", "X", "a\r\nSet-Cookie: b=c\r\n\r\n<script>", "Y", "a\nb"),
		"bad names":       answering(0, "", "X y", "1", "X\r\nZ", "2", "", "3", "X\u00e4", "4", "X:", "5"),
		"policies":        answering(0, "", "Content-Security-Policy", "default-src 'none'", "Strict-Transport-Security", "max-age=1", "Server", "s", "Etag", `W/"a"`),
		"a challenge":     answering(401, "no", "Www-Authenticate", `Basic realm="a"`, "Www-Authenticate", "Bearer"),
		"retry after":     answering(503, "", "Retry-After", "120"),
		"a long field":    answering(0, "", "X", strings.Repeat("v", 50<<10)),
		"a location":      answering(302, "", "Location", "/%C3%A4?b#c"),
		"a status twice": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(202)
			w.WriteHeader(500)
			fmt.Fprint(w, "x")
		},
		"a field too late": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "x"); w.Header().Set("X", "late") },
		"a field taken back": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X", "a")
			w.WriteHeader(201)
			w.Header().Del("X")
		},
		"a date": answering(0, "", "Date", "Sat, 01 Jan 2000 00:00:00 GMT"),
		"a redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "../b?c=\u00e4", http.StatusMovedPermanently)
		},
		"a redirect of POST": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "//example.org/", http.StatusTemporaryRedirect)
		},
		"an error": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "<no>", http.StatusTeapot) },
		"a type of nil": func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = nil
			fmt.Fprint(w, "<html>")
		},
		"a length":            answering(0, "12345", "Content-Length", "5"),
		"a length too short":  func(w http.ResponseWriter, _ *http.Request) { tooMuch(w, "12345", "6") },
		"a length of nothing": answering(0, "", "Content-Length", "0"),
		"a length with 204":   answering(204, "", "Content-Length", "5", "Content-Type", "text/plain"),
		"a length with 304":   answering(304, "", "Content-Length", "5", "Content-Type", "text/plain", "Etag", `"a"`),
		"a body with 204": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(204)
			report(w, "no body", http.ErrBodyNotAllowed)
		},
		"writes of no bytes": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(304)
			n, err := w.Write(nil)
			mustBe(n == 0 && err == nil)
		},
		"a write of no bytes": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(nil); w.WriteHeader(500) },
		"many small writes": func(w http.ResponseWriter, _ *http.Request) {
			for i := range 300 {
				fmt.Fprint(w, i%10)
			}
		},
		"a copy":         func(w http.ResponseWriter, _ *http.Request) { _, _ = io.Copy(w, bytes.NewReader(everyByte())) },
		"an unread body": answering(0, "ok"),
	} {
		all = append(all,
			exchange{name: "answer: " + name, serve: serve},
			exchange{name: "answer to HEAD: " + name, send: request("HEAD", "PATH", ""), serve: serve},
			exchange{name: "answer to POST: " + name, send: request("POST", "PATH", "body"), serve: serve},
		)
	}
	for name, fields := range map[string][]string{
		"whole": nil, "a range": {"Range: bytes=2-5"}, "a suffix": {"Range: bytes=-3"}, "an open range": {"Range: bytes=90-"},
		"none of it": {"Range: bytes=500-"}, "nonsense": {"Range: lines=1-2"}, "not modified": {`If-None-Match: "tag"`},
		"still the same": {"Range: bytes=0-1", `If-Range: "tag"`}, "another": {"Range: bytes=0-1", `If-Range: "other"`},
		"failed": {`If-Match: "other"`}, "since": {"If-Modified-Since: Thu, 02 Jan 2020 03:04:05 GMT"},
	} {
		for _, method := range []string{"GET", "HEAD"} {
			all = append(all, exchange{name: "file for " + method + ": " + name, send: request(method, "PATH", "", fields...), serve: file("a.txt", letters(100))})
		}
	}
	return append(all,
		exchange{name: "a long answer", serve: answering(0, letters(5000)), differs: []difference{wholeAnswer}},
		exchange{name: "an answer in parts", serve: parts, differs: []difference{wholeAnswer}},
		exchange{name: "a flush before the body", serve: flushFirst, differs: []difference{wholeAnswer}},
		exchange{name: "a flush alone", serve: func(w http.ResponseWriter, _ *http.Request) { w.(http.Flusher).Flush() }, differs: []difference{wholeAnswer}},
		exchange{name: "a flush to HEAD", send: request("HEAD", "PATH", ""), serve: parts, differs: []difference{
			wholeHead.by(func(a *reply) { a.set("Content-Length", "7") })}},
		exchange{name: "a long answer to HEAD", send: request("HEAD", "PATH", ""), serve: answering(0, letters(5000)), differs: []difference{
			wholeHead.by(func(a *reply) { a.set("Content-Length", "5000") })}},
		exchange{name: "a length that is none", serve: answering(0, "12345", "Content-Length", "-5"), differs: []difference{wholeAnswer}},
		exchange{name: "an answer in chunks by itself", serve: answering(0, "hi", "Transfer-Encoding", "chunked", "Content-Type", "text/plain"),
			differs: []difference{wholeAnswer}},
	)
}

func mustBe(ok bool) {
	if !ok {
		panic("the ResponseWriter does not do as net/http's")
	}
}

// report writes, and panics unless the error is the expected one.
func report(w http.ResponseWriter, text string, want error) {
	_, err := io.WriteString(w, text)
	mustBe(errors.Is(err, want))
}

// tooMuch writes what fits the length, and then more.
func tooMuch(w http.ResponseWriter, fits, more string) {
	w.Header().Set("Content-Length", strconv.Itoa(len(fits)))
	report(w, fits, nil)
	report(w, more, http.ErrContentLength)
}

func parts(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprint(w, "<p>") // the type is guessed of this alone
	mustBe(http.NewResponseController(w).Flush() == nil)
	w.Header().Set("X", "late")
	fmt.Fprint(w, "more")
}

func flushFirst(w http.ResponseWriter, _ *http.Request) {
	w.(http.Flusher).Flush() // nothing is there to guess a type of
	fmt.Fprint(w, "<html>")
}
