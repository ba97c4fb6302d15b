package web_test

import (
	"fmt"
	"strings"
)

const (
	fieldsReason  = "more than 112 header fields, 512 values, or 53248 bytes of both with the query, do not go through a service"
	controlReason = "a header field with a control character"
)

// numbered are n different fields.
func numbered(n int, value string) []string {
	var fields []string
	for i := range n {
		fields = append(fields, fmt.Sprintf("X-%d: %s", i, value))
	}
	return fields
}

// repeated is one field n times.
func repeated(n int) []string { return strings.Split(strings.Repeat("X: v\n", n-1)+"X: v", "\n") }

// fieldExchanges are about header fields that mean nothing to Offload.
func fieldExchanges() []exchange {
	var all []exchange
	for name, fields := range map[string][]string{
		"repeated":                {"X: a", "Y: b", "x: c", "X: a"},
		"empty":                   {"X:", "Y: ", "Y:  "},
		"latin-1":                 {"X: caf\xe9", "X: \u00e9", "Y: \xff\xa0\xc2\xa3"},
		"utf-8":                   {"X: \u00e9\u20ac\U0001f600\u202e\ufeff", "Y: \ufffd"},
		"tabs":                    {"X: a\tb", "Y: \t a \t"},
		"no space":                {"X:a", "Y:a b"},
		"odd names":               {"X!#$%&'*+-.^_`|~: a", "1: b", "-: c", "under_score: d", "UPPER: e"},
		"odd values":              {`X: "a\"b", c;d=e`, "Y: ,,,", "Z: :", "Z: %0d%0a", "Z: =?utf-8?q?=0d=0a?="},
		"continued":               {"X: a\r\n b"},
		"name with a space":       {"X : a"},
		"name in UTF-8":           {"X\u00e4: a"},
		"no colon":                {"X"},
		"a control byte":          {"X: a\x01b"},
		"ESC":                     {"X: \x1b[31m"},
		"NUL":                     {"X: a\x00b"},
		"DEL":                     {"X: a\x7fb"},
		"a bare CR":               {"X: a\rb"},
		"a bare LF":               {"X: a\nY: b"}, // that is two fields
		"long":                    {"X: " + strings.Repeat("v", 50<<10)},
		"many names":              numbered(112, "v"),
		"many values":             repeated(512),
		"a long name":             {strings.Repeat("n", 256) + ": v"},
		"cookies":                 {"Cookie: a=b; c=\"d e\"; =f; g", "Cookie: a=2; \u00e4=\u00f6", "Cookie: "},
		"pragma":                  {"Pragma: no-cache"}, // net/http adds Cache-Control
		"conditions":              {`If-None-Match: W/"a", "b"`, "If-Modified-Since: Sat, 01 Jan 2000 00:00:00 GMT", "Range: bytes=0-1,-1"},
		"forwarded":               {"Forwarded: for=1.2.3.4;proto=https", "X-Forwarded-For: 1.2.3.4", "X-Real-Ip: 1.2.3.4", "Via: 1.1 a"},
		"trace":                   {"Traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "Tracestate: a=b", "X-Request-Id: 7"},
		"bad trace":               {"Traceparent: nonsense", "Tracestate: " + strings.Repeat("t", 1000)},
		"authorization":           {"Authorization: Basic YTpi"},
		"latin-1 marks":           {"X: a", "Latin-1: x"},
		"expects a miracle":       {"Expect: miracle"},
		"an event stream or else": {"Accept: text/event-stream, text/html;q=0.5"},
		"forwards of GET":         {"Max-Forwards: 0"},
	} {
		all = append(all, exchange{name: "fields: " + name, send: get("/a", fields...)})
	}
	for _, host := range []string{"example.com:8080", "EXAMPLE.com", "[::1]:80", "a_b", "1.2.3.4", "", "ex\u00e4mple", "a b", "a/b"} {
		all = append(all, exchange{name: "Host " + q(host), send: "GET /a HTTP/1.1\r\nHost: " + host + "\r\n\r\n"})
	}
	for name, fields := range map[string][]string{
		"names":  numbered(113, "v"),
		"values": repeated(513),
		"bytes":  {"X: " + strings.Repeat("v", 52<<10)},
		"bytes in latin-1, which are twice as many": {"X: " + strings.Repeat("\xe9", 30<<10)},
		"bytes in a name":        {strings.Repeat("n", 257) + ": v"},
		"a name of nearly 1 MiB": {strings.Repeat("n", 1<<20-200) + ": v"},
	} {
		all = append(all, exchange{name: "too many: " + name, send: get("/a", fields...), differs: []difference{
			manyFields.refused(431, fieldsReason)}})
	}
	for name, fields := range map[string][]string{
		"in UTF-8": {"X: a\u0085b"}, "CSI": {"X: \u009b31m"}, "raw": {"X: a\x85b"}, "no UTF-8 and no Latin-1": {"X: \x83n\x83\x8d"},
	} {
		all = append(all, exchange{name: "control: " + name, send: get("/a", fields...), differs: []difference{
			control.refused(400, controlReason)}})
	}
	return append(all,
		exchange{name: "no Host", send: "GET /a HTTP/1.1\r\n\r\n"},
		exchange{name: "two Hosts", send: get("/a", "Host: b")},
		exchange{name: "more than net/http takes", send: get("/a", "X: "+strings.Repeat("v", 1<<20+5000))},
	)
}
