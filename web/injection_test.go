package web_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/service"
	"quartet/service/servicetest"
	"quartet/web"
)

// nasty are texts that want to be more than text.
var nasty = []string{
	"\r\nSet-Cookie: evil=1", "\r\n\r\n<script>alert(1)</script>", "\rX: evil", "\nX: evil", "a\x00b", "\x1b[31mred\x1b]0;title\x07", "\x7f", "\b\b\b",
	"\u0085X: evil", "\u009b31m", "\x85\x9b", "\xc2", "\u202egpj.exe", "\u2066\u2069\u200f", "\u2028\u2029", "\ufeff", "HTTP/1.1 200 OK\r\n\r\n",
	strings.Repeat("\r\nEvil: 1", 1000), strings.Repeat("n", 1<<20),
}

// controls are the characters that must not be in a text of one line, if there are any.
func controlsIn(s string) string {
	var found strings.Builder
	for i, r := range s {
		raw := r == utf8.RuneError && i < len(s) && s[i] >= 0x80 && s[i] < 0xa0 // a byte of C1 by itself
		if r < ' ' && r != '\t' || r >= 0x7f && r < 0xa0 || raw {
			fmt.Fprintf(&found, "%q at %d ", s[i], i)
		}
	}
	return found.String()
}

// caught is what came to a service.
type caught struct{ requests chan *handler.Request }

func (c caught) Serve(_ context.Context, r *handler.Request) (*handler.Response, error) {
	c.requests <- r.Clone()
	return handler.Text("ok"), nil
}

// clean says what of a request holds a control character.
func (c caught) clean(t *testing.T) {
	t.Helper()
	for {
		select {
		case r := <-c.requests:
			texts := []string{r.Path, r.Method}
			for name, values := range r.Header {
				texts = append(append(texts, name), values...)
			}
			for _, s := range texts {
				if found := controlsIn(s); found != "" {
					t.Errorf("%s came to the service in %.100q", found, s)
				}
			}
		default:
			return
		}
	}
}

// TestInjectionByTheBrowser sends nasty bytes in every place of a request.
func TestInjectionByTheBrowser(t *testing.T) {
	t.Parallel()
	got := caught{make(chan *handler.Request, 1000)}
	w := world{addr: listen(t, web.Offload(servicetest.New(t, svc, got), svc))}
	served := 0
	for _, bad := range nasty {
		for _, send := range []string{
			get("/"+bad, "Connection: close"), get("/?"+bad, "Connection: close"), get("/", "Connection: close", "X: "+bad), get("/", "Connection: close", "X"+bad+": y"),
			get("/"+url.PathEscape(bad), "Connection: close"), get("/?"+url.QueryEscape(bad), "Connection: close"),
			request("GET"+bad, "/", "", "Connection: close"), "GET / HTTP/1.1\r\nConnection: close\r\nHost: " + bad + "\r\n\r\n",
			get("/", "Connection: close", "Cookie: a="+bad), request("POST", "/", bad, "Connection: close"),
		} {
			a := whole(t, w, send)
			if strings.HasPrefix(a, "HTTP/1.1 200") {
				served++
			}
			judgeBytes(t, a, fmt.Sprintf("%.100q", send))
		}
	}
	if served < len(nasty) {
		t.Errorf("only %d requests were served: the test does not reach the service", served)
	}
	got.clean(t)
}

// whole reads all that a server writes to one request.
func whole(t *testing.T, w world, send string) string {
	t.Helper()
	conn := w.dial(t)
	defer conn.Close()
	go func() { _, _ = io.WriteString(conn, send) }()
	all, _ := io.ReadAll(conn) // a reset after the answer is no matter
	return string(all)
}

// judgeBytes looks at one answer and everything that follows on the connection: there must be one head, without a
// control byte, and one body of the length that the head says.
func judgeBytes(t *testing.T, all, about string) {
	t.Helper()
	head, body, ok := strings.Cut(all, "\r\n\r\n")
	if !ok {
		t.Errorf("%s: no answer: %.200q", about, all)
		return
	}
	length := -1
	for line := range strings.SplitSeq(head, "\r\n") {
		if found := controlsIn(line); found != "" {
			t.Errorf("%s: %s in the line %q", about, found, line)
		}
		for _, injected := range []string{"Set-Cookie: evil=1", "X: evil", "Evil: 1"} {
			if strings.HasPrefix(line, injected) {
				t.Errorf("%s: an injected line: %q", about, line)
			}
		}
		_, _ = fmt.Sscanf(line, "Content-Length: %d", &length)
	}
	if length >= 0 && length != len(body) {
		t.Errorf("%s: a body of %d bytes where %d are said", about, len(body), length)
	}
}

// TestInjectionByAMiddleware hands over requests that net/http would not have let in.
func TestInjectionByAMiddleware(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	got := caught{make(chan *handler.Request, 1000)}
	offload := web.Offload(servicetest.New(t, svc, got), svc)
	for _, bad := range nasty {
		for name, change := range map[string]func(*http.Request){
			"method":     func(r *http.Request) { r.Method = bad },
			"path":       func(r *http.Request) { r.URL.Path, r.URL.RawPath = bad, "" },
			"raw path":   func(r *http.Request) { r.URL.Path, r.URL.RawPath = bad, bad },
			"query":      func(r *http.Request) { r.URL.RawQuery = bad },
			"host":       func(r *http.Request) { r.Host = bad },
			"remote":     func(r *http.Request) { r.RemoteAddr = bad },
			"value":      func(r *http.Request) { r.Header["X"] = []string{bad} },
			"name":       func(r *http.Request) { r.Header[bad] = []string{"x"} },
			"Connection": func(r *http.Request) { r.Header["Connection"] = []string{bad} },
		} {
			r := httptest.NewRequest("GET", "/", nil)
			change(r)
			w := httptest.NewRecorder()
			offload.ServeHTTP(w, r)
			is.True(w.Code == 200 || w.Code >= 400 && w.Code != 500) // served, or refused with a reason
			if found := controlsIn(strings.TrimSuffix(w.Body.String(), "\n")); found != "" {
				t.Errorf("%s %.50q: %s in the answer", name, bad, found)
			}
		}
	}
	is.True(len(got.requests) > len(nasty)) // the test does reach the service
	got.clean(t)
}

// fakeCaller is a Caller whose answers no wire has checked.
type fakeCaller struct {
	service.Caller
	resp *handler.Response
	err  error
}

func (f fakeCaller) Call(context.Context, string, *handler.Request, ...service.CallOption) (*service.Reply, error) {
	return &service.Reply{Response: f.resp}, f.err
}

// TestInjectionByTheService answers with nasty header fields and reasons, over a wire and without one.
func TestInjectionByTheService(t *testing.T) {
	t.Parallel()
	answers := make(chan *handler.Response, 1)
	wired := servicetest.New(t, svc, handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) { return <-answers, nil }))
	overWire := world{addr: listen(t, web.Offload(wired, svc))}
	fakes := make(chan fakeCaller, 1)
	without := world{addr: listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { web.Offload(<-fakes, svc).ServeHTTP(w, r) }))}
	for _, bad := range nasty {
		for name, resp := range map[string]*handler.Response{
			"value":      {Header: map[string][]string{"x": {bad, "b"}}},
			"latin-1":    {Header: map[string][]string{"x": {bad}, "quartet-latin-1": {"x"}}},
			"name":       {Header: map[string][]string{"x" + bad: {"a"}, bad: {"b"}}},
			"cookie":     {Header: map[string][]string{"set-cookie": {"a=" + bad}}},
			"location":   {Status: 302, Header: map[string][]string{"location": {"/" + bad}}},
			"type":       {Header: map[string][]string{"content-type": {"text/plain" + bad}}, Body: []byte("x")},
			"length":     {Header: map[string][]string{"content-length": {"1" + bad}, "Content-Length": {"2"}}, Body: []byte("abc")},
			"hop":        {Header: map[string][]string{"connection": {bad}, "Transfer-Encoding": {"chunked"}, "transfer-encoding": {"chunked"}, "Trailer": {"x"}}},
			"reason":     {Status: 400, Reason: bad, Header: map[string][]string{"retry-after": {bad}, "www-authenticate": {"Basic " + bad}, "allow": {bad}}},
			"no reason":  {Status: 500, Header: map[string][]string{"retry-after": {bad}}},
			"odd status": {Status: 102, Reason: bad},
		} {
			accepts := []string{"*/*"}
			if resp.Status >= 400 || resp.Status == 102 { // people see it
				accepts = []string{"application/json", "text/html", "text/plain"}
			}
			for _, accept := range accepts {
				send := get("/", "Connection: close", "Accept: "+accept)
				about := fmt.Sprintf("%s %s %.50q", name, accept, bad)
				answers <- resp
				judgeShown(t, whole(t, overWire, send), "over a wire: "+about)
				fakes <- fakeCaller{resp: resp}
				judgeShown(t, whole(t, without, send), "without: "+about)
				if name == "reason" {
					fakes <- fakeCaller{err: &handler.Error{Status: 503, Reason: bad, Header: resp.Header}}
					judgeShown(t, whole(t, without, send), "as an error: "+about)
				}
			}
		}
	}
}

// judgeShown looks also at what people see of a reason, which must not turn the direction of a text either.
func judgeShown(t *testing.T, all, about string) {
	t.Helper()
	judgeBytes(t, all, about)
	_, body, _ := strings.Cut(all, "\r\n\r\n")
	if found := controlsIn(strings.ReplaceAll(body, "\n", "")); found != "" {
		t.Errorf("%s: %s in the page", about, found)
	}
	if strings.ContainsAny(body, "\u202e\u2066\u2069\u200f") || strings.Contains(body, "<script>") && !strings.Contains(all, "text/plain") && !strings.Contains(all, "application/json") {
		t.Errorf("%s: not clean: %q", about, body)
	}
	if strings.Contains(strings.ToLower(all), "\r\ntransfer-encoding") || strings.Contains(strings.ToLower(all), "\r\ntrailer") {
		t.Errorf("%s: a field of one hop: %.300q", about, all)
	}
}
