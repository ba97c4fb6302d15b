package web_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"quartet/handler"
	"quartet/service"
	"quartet/transport/wire"
	"quartet/web"
)

// loop is a Caller without links: a request is encoded, decoded and served in the same goroutine, and so is its answer.
type loop struct {
	service.Caller
	t *testing.T
	h handler.Handler
}

func (l loop) Call(ctx context.Context, _ string, r *handler.Request, _ ...service.CallOption) (*service.Reply, error) {
	came := handler.FromWire(cross(l.t, r.ToWire()).(*wire.Request), &handler.Arrival{})
	resp, err := handler.Run(ctx, l.h, &came)
	if err != nil {
		resp = handler.ErrorResponse(err)
	}
	return &service.Reply{Response: handler.ResponseFromWire(cross(l.t, resp.ToWire()).(*wire.Response))}, nil
}

// cross takes a message over the wire, which has to accept it.
func cross(t *testing.T, m wire.Message) wire.Message {
	frame, err := wire.Append(nil, m)
	if err != nil {
		t.Fatalf("the wire refuses what it is given: %v", err)
	}
	m, err = wire.Decode(frame)
	if err != nil {
		t.Fatalf("the wire refuses what it has made: %v", err)
	}
	return m
}

// hopFields are those that must not cross, of whatever name Connection gives to others.
var hopFields = []string{"Connection", "Proxy-Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Te", "Trailer",
	"Transfer-Encoding", "Upgrade", "Http2-Settings"}

// stays tells which fields of a header must not cross.
func stays(h http.Header) func(name string) bool {
	named := slices.Clone(hopFields)
	for name, values := range h {
		if http.CanonicalHeaderKey(name) != "Connection" {
			continue
		}
		for token := range strings.SplitSeq(strings.Join(values, ","), ",") {
			named = append(named, strings.TrimSpace(token))
		}
	}
	return func(name string) bool {
		equal := func(n string) bool { return strings.EqualFold(n, name) }
		return slices.ContainsFunc(named, equal) || strings.HasPrefix(strings.ToLower(name), "quartet-")
	}
}

// FuzzRequestCrossing: what Serve rebuilds equals the request, or there is none.
func FuzzRequestCrossing(f *testing.F) {
	for i, x := range slices.Concat(targetExchanges(), methodExchanges(), fieldExchanges(), hopExchanges(), bodyExchanges()) {
		if send := x.bytes(i); len(send) < 2000 {
			f.Add([]byte(send), "192.0.2.1:1234")
		}
	}
	f.Add([]byte(get("/", "Connection: x", "X: y")), "\x1b")
	f.Add([]byte(get("/", "Content-Length: 06")+"body\r\n"), "")
	f.Fuzz(func(t *testing.T, raw []byte, remote string) {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(string(raw))))
		if err != nil {
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		r.Body, r.RemoteAddr = io.NopCloser(strings.NewReader(string(body))), remote
		asked := r.Clone(t.Context())
		var got *http.Request
		w := httptest.NewRecorder()
		web.Offload(loop{t: t, h: web.Serve(http.HandlerFunc(func(w http.ResponseWriter, served *http.Request) {
			got = served.Clone(context.Background())
			text, err := io.ReadAll(served.Body)
			if err != nil || string(text) != string(body) {
				t.Errorf("the body %q came as %q, %v", body, text, err)
			}
		}))}, svc).ServeHTTP(w, r)
		switch refusals := []int{400, 413, 414, 431, 501}; {
		case got != nil:
			sameRequest(t, asked, got)
		case !slices.Contains(refusals, w.Code) && asked.Header.Get("Max-Forwards") == "":
			t.Errorf("not served, and answered with %d %s", w.Code, w.Body)
		}
	})
}

func sameRequest(t *testing.T, asked, got *http.Request) {
	path := asked.URL.Path
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	for what, pair := range map[string][2]string{
		"method": {asked.Method, got.Method}, "path": {path, got.URL.Path}, "query": {asked.URL.RawQuery, got.URL.RawQuery},
		"host": {asked.Host, got.Host}, "remote": {asked.RemoteAddr, got.RemoteAddr},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s %q came as %q", what, pair[0], pair[1])
		}
	}
	if asked.URL.ForceQuery != got.URL.ForceQuery {
		t.Errorf("the question mark of %q got lost", asked.URL)
	}
	if strings.Count(strings.ToLower(asked.URL.RawPath), "%2f") != strings.Count(strings.ToLower(got.URL.RawPath), "%2f") {
		t.Errorf("an escaped slash of %q became another in %q", asked.URL.RawPath, got.URL.RawPath)
	}
	stays := stays(asked.Header)
	for name, values := range asked.Header {
		if came := got.Header[name]; !stays(name) && name != "Max-Forwards" && !slices.Equal(values, came) {
			t.Errorf("%s: %q came as %q", name, values, came)
		}
	}
	for name, values := range got.Header {
		if stays(name) || asked.Header[name] == nil {
			t.Errorf("%s: %q came out of nothing", name, values)
		}
		if found := controlsIn(strings.Join(values, "")); found != "" {
			t.Errorf("%s holds %s", name, found)
		}
	}
}

// FuzzAnswerCrossing: whatever a service answers, the browser gets no control byte and no field of one hop.
func FuzzAnswerCrossing(f *testing.F) {
	for _, bad := range nasty[:len(nasty)-2] {
		f.Add(200, "", "x", bad, "set-cookie", "a=b", "body")
		f.Add(404, bad, "retry-after", bad, bad, "x", "")
		f.Add(404, "", "x"+bad, "a", bad, "x", "")
		f.Add(304, "", "connection", "x", "x", bad, "body")
		f.Add(206, "", "quartet-latin-1", "x", "x", bad, "\x00")
	}
	f.Add(1000, "", "x", "y", "x", "y", "")
	f.Add(200, "", "Connection", "Keep-Alive, X", "transfer-encoding", "chunked", "body")
	f.Fuzz(func(t *testing.T, status int, reason, name1, value1, name2, value2, body string) {
		header := map[string][]string{name1: {value1, value2}}
		header[name2] = append(header[name2], value2)
		w := httptest.NewRecorder()
		web.Offload(fakeCaller{resp: &handler.Response{Status: status, Reason: reason, Header: header, Body: []byte(body)}}, svc).
			ServeHTTP(&strict{ResponseRecorder: w}, httptest.NewRequest("GET", "/", nil))
		judgeHeader(t, w.Result().Header, header)

		again := httptest.NewRecorder() // the same answer, by an HTTP handler behind a service
		web.Offload(loop{t: t, h: web.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			for name, values := range header {
				w.Header()[name] = values
			}
			w.WriteHeader(min(max(status, 200), 999))
			if _, err := io.WriteString(w, body); err != nil && !errors.Is(err, http.ErrBodyNotAllowed) && !errors.Is(err, http.ErrContentLength) && r.Context().Err() == nil {
				t.Errorf("Write: %v", err)
			}
		}))}, svc).ServeHTTP(&strict{ResponseRecorder: again}, httptest.NewRequest("GET", "/", nil))
		judgeHeader(t, again.Result().Header, header)
	})
}

// strict is a ResponseWriter that takes statuses as net/http does.
type strict struct{ *httptest.ResponseRecorder }

func (s *strict) WriteHeader(status int) {
	if status < 200 || status > 599 {
		panic(status)
	}
	s.ResponseRecorder.WriteHeader(status)
}

func judgeHeader(t *testing.T, got http.Header, sent map[string][]string) {
	stays := stays(sent)
	for name, values := range got {
		if stays(name) && name != "Content-Length" && name != "Content-Type" && name != "Vary" && name != "Cache-Control" && name != "X-Content-Type-Options" {
			t.Errorf("%s: %q crossed", name, values) // those above Offload sets itself
		}
		if !wire.ValidHeaderName(strings.ToLower(name)) {
			t.Errorf("the name %q crossed", name)
		}
		if found := controlsIn(strings.Join(values, "")); found != "" {
			t.Errorf("%s holds %s", name, found)
		}
	}
}
