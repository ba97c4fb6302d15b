package web_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

const (
	most        = 4 << 20
	bodyReason  = "a body of more than 4194304 bytes does not go through the service"
	closesAfter = "Connection: close"
)

// letters is a body of n bytes, at most one more than the limit, no part of it like another.
func letters(n int) string { return allLetters()[:n] }

var allLetters = sync.OnceValue(func() string {
	b := make([]byte, 0, most+64)
	for i := int64(0); len(b) <= most; i++ {
		b = append(strconv.AppendInt(b, i, 36), ',')
	}
	return string(b)
})

// chunks is a body of unknown length.
func chunks(body string, size int) string {
	var b strings.Builder
	for body != "" {
		n := min(size, len(body))
		fmt.Fprintf(&b, "%x\r\n%s\r\n", n, body[:n])
		body = body[n:]
	}
	return b.String() + "0\r\n\r\n"
}

// bodyExchanges are about bodies, both ways.
func bodyExchanges() []exchange {
	chunked := func(method, body string, size int, fields ...string) string {
		return request(method, "/a", "", append(fields, "Transfer-Encoding: chunked")...) + chunks(body, size)
	}
	answer := func(n int) http.HandlerFunc {
		body := letters(n)
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			w.Header().Set("Content-Length", fmt.Sprint(n))
			_, _ = w.Write([]byte(body))
		}
	}
	var all []exchange
	for _, n := range []int{1, 511, 512, 513, 4095, 64<<10 - 1, 64 << 10, 64<<10 + 1, 300_000, most} {
		all = append(all,
			exchange{name: fmt.Sprint("a body of ", n), send: request("POST", "/a", letters(n))},
			exchange{name: fmt.Sprint("chunks of ", n), send: chunked("PUT", letters(n), 100_000), differs: []difference{wholeRequest}},
			exchange{name: fmt.Sprint("an answer of ", n), serve: answer(n)},
		)
	}
	big := letters(most + 1)
	return append(all,
		exchange{name: "no body", send: request("POST", "/a", "")},
		exchange{name: "an empty body", send: request("POST", "/a", "", "Content-Length: 0")},
		exchange{name: "an empty body in chunks", send: chunked("POST", "", 1), differs: []difference{wholeRequest}},
		exchange{name: "one chunk a byte", send: chunked("POST", letters(300), 1), differs: []difference{wholeRequest}},
		exchange{name: "a body of GET", send: request("GET", "/a", "body")},
		exchange{name: "a body of DELETE", send: request("DELETE", "/a", "body")},
		exchange{name: "a body of all bytes", send: request("POST", "/a", string(everyByte()))},
		exchange{name: "a form", send: request("POST", "PATH?a=1", "a=2&b=%C3%A4", "Content-Type: application/x-www-form-urlencoded"),
			serve: func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.FormValue("b"), r.ParseForm(), r.Form) }},
		exchange{name: "two lengths", send: request("POST", "/a", "ab", "Content-Length: 2")},
		exchange{name: "two different lengths", send: request("POST", "/a", "ab", "Content-Length: 3")},
		exchange{name: "length and chunks", send: request("POST", "/a", "", "Content-Length: 3", "Transfer-Encoding: chunked") + "1\r\na\r\n0\r\n\r\n",
			differs: []difference{wholeRequest}},
		exchange{name: "an odd encoding", send: request("POST", "/a", "", "Transfer-Encoding: gzip, chunked")},
		exchange{name: "one byte more", send: request("POST", "/a", big), differs: []difference{
			tooLarge.refused(413, bodyReason, closesAfter)}},
		exchange{name: "one byte more in chunks", send: chunked("POST", big, 1<<20), differs: []difference{
			tooLarge.refused(413, bodyReason, closesAfter)}},
		exchange{name: "much more is said", send: request("POST", "PATH", "", "Content-Length: 999999999999"), serve: unread, differs: []difference{
			tooLarge.refused(413, bodyReason, closesAfter)}},
		exchange{name: "one byte more is not sent", send: request("POST", "PATH", "", fmt.Sprint("Content-Length: ", len(big)), "Expect: 100-continue"),
			serve: unread, differs: []difference{tooLarge.refused(413, bodyReason, closesAfter)}}, // the early list is empty: no 100 Continue
		exchange{name: "the body is asked for", send: request("POST", "/a", "body", "Expect: 100-continue")},
		exchange{name: "the body is asked for although nobody reads it", send: request("POST", "PATH", "body", "Expect: 100-continue"),
			serve: unread, differs: []difference{readFirst.by(func(a *reply) {
				a.early = []string{"HTTP/1.1 100 Continue"}
				a.drop("Connection") // it can be used again: the body was read
			})}},
		exchange{name: "a broken chunk", send: request("POST", "/a", "", "Transfer-Encoding: chunked") + "1\r\na\r\nzz\r\n", differs: []difference{
			brokenBody.refused(400, "the body cannot be read", closesAfter)}},
		exchange{name: "an answer of one byte more", serve: answer(most + 1), differs: []difference{
			answerBig.refused(502, "the service's answer is larger than 4194304 bytes")}},
		exchange{name: "an answer of one byte more for HEAD", send: request("HEAD", "PATH", ""), serve: answer(most + 1)},
	)
}

// unread answers without a look at the body.
func unread(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }

func everyByte() (all []byte) {
	for i := range 256 {
		all = append(all, byte(i))
	}
	return all
}
