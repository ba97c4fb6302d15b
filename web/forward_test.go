package web_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/service"
	"quartet/service/servicetest"
	"quartet/web"
)

// page gives every request up to the service.
func page(c service.Caller, o ...service.CallOption) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		web.Forward(w, r, c, svc, &handler.Request{Path: r.URL.Path}, o...)
	})
}

// visit asks a page and returns its answer without Date.
func visit(h http.Handler, method, target string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, target, nil))
	return w
}

// text is a handler of one answer.
func text(s string) handler.Handler {
	return handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) { return handler.Text(s), nil })
}

func TestForwardWritesWhatComesBack(t *testing.T) {
	t.Parallel()
	type fields = map[string][]string
	for _, c := range []struct {
		name   string
		resp   *handler.Response
		err    error
		status int
		header http.Header
		body   string
	}{
		{"text", handler.Text("hi"), nil, 200, http.Header{"Content-Type": {"text/plain; charset=utf-8"}, "Content-Length": {"2"}}, "hi"},
		{"nothing", &handler.Response{}, nil, 200, http.Header{"Content-Length": {"0"}, "Content-Type": nil}, ""},
		{"msgpack", &handler.Response{Body: []byte("\x80")}, nil, 200, http.Header{"Content-Type": {"application/msgpack"}, "Content-Length": {"1"}}, "\x80"},
		{"header and status", &handler.Response{Status: 302, Header: fields{"location": {"/a"}, "set-cookie": {"a=b", "c=d"}, "x": {"caf\u00e9"}}}, nil,
			302, http.Header{"Location": {"/a"}, "Set-Cookie": {"a=b", "c=d"}, "X": {"caf\u00e9"}, "Content-Length": {"0"}, "Content-Type": nil}, ""},
		{"204 with a body", &handler.Response{Status: 204, Body: []byte("x")}, nil, 204, http.Header{"Content-Type": nil}, ""},
		{"304", &handler.Response{Status: 304, Header: fields{"etag": {`"a"`}}}, nil, 304, http.Header{"Etag": {`"a"`}, "Content-Type": nil}, ""},
		{"an error with a body", &handler.Response{Status: 422, Reason: "no", Header: fields{"content-type": {"text/html"}}, Body: []byte("<p>")}, nil,
			422, http.Header{"Content-Type": {"text/html"}, "Content-Length": {"3"}}, "<p>"},
		{"an error without a reason", &handler.Response{Status: 404, Header: fields{"x": {"y"}}}, nil, 404, http.Header{"X": {"y"}, "Content-Length": {"0"}, "Content-Type": nil}, ""},
		{"an error with a reason", &handler.Response{Status: 409, Reason: "too late", Header: fields{"retry-after": {"7"}, "x": {"y"}}}, nil,
			409, failureHeader(54, "Retry-After", "7"), `{"status":409,"error":"Conflict","reason":"too late"}` + "\n"},
		{"an error", nil, handler.Errorf(418, "tea only"), 418, failureHeader(58), `{"status":418,"error":"I'm a teapot","reason":"tea only"}` + "\n"},
		{"no final status", &handler.Response{Status: 103}, nil, 502, failureHeader(85), `{"status":502,"error":"Bad Gateway","reason":"the service answered with status 103"}` + "\n"},
		{"a wrong length", &handler.Response{Header: fields{"content-length": {"7"}, "content-type": {"a/b"}}, Body: []byte("1")}, nil,
			200, http.Header{"Content-Length": {"1"}, "Content-Type": {"a/b"}}, "1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			client := servicetest.New(t, svc, handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) { return c.resp, c.err }))
			w := visit(page(client), "GET", "/a")
			is.Equal(w.Code, c.status)
			is.Equal(w.Header(), c.header)
			is.Equal(w.Body.String(), c.body)
			head := visit(page(client), "HEAD", "/a")
			is.Equal(head.Body.Len(), 0) // HEAD has the same answer without a body
			is.Equal(head.Code, c.status)
		})
	}
}

// failureHeader is the header of an answer of Error with that length.
func failureHeader(length int, more ...string) http.Header {
	h := http.Header{"Cache-Control": {"no-store"}, "Content-Length": {strconv.Itoa(length)}, "Content-Type": {"application/json"},
		"Vary": {"Accept"}, "X-Content-Type-Options": {"nosniff"}}
	for i := 0; i < len(more); i += 2 {
		h.Set(more[i], more[i+1])
	}
	return h
}

func TestForwardBelievesOnlyALengthThatIsOne(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	for said, want := range map[string]string{"7": "7", "0": "0", "": "2", "-1": "2", "+7": "2", "07": "2", "7 ": "2", "7\r\nX: y": "2"} {
		c := fakeCaller{resp: &handler.Response{Header: map[string][]string{"content-length": {said}}, Body: []byte("hi")}}
		is.Equal(visit(page(c), "HEAD", "/").Header().Get("Content-Length"), want)
		is.Equal(visit(page(c), "GET", "/").Header().Get("Content-Length"), "2") // of what is written
	}
}

func TestForwardRunsTheResponseHandler(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var mux handler.Mux
	mux.Method(handler.MethodResponse, "/made", handler.Func(func(_ context.Context, r *handler.Request) (*handler.Response, error) {
		return handler.Text("made of " + r.Answer.Text()), nil
	}))
	mux.Method(handler.MethodResponse, "/refused", handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) {
		return nil, handler.Errorf(410, "no longer")
	}))
	c := servicetest.New(t, svc, text("it"), service.WithResponses(&mux))
	is.Equal(visit(page(c), "GET", "/made").Body.String(), "made of it")
	is.Equal(visit(page(c), "GET", "/plain").Body.String(), "it") // nobody is there for this path
	is.Equal(visit(page(c), "GET", "/refused").Code, 410)
	is.Equal(visit(web.Offload(c, svc), "GET", "/made").Body.String(), "made of it") // Offload does so as well
}

func TestForwardSaysWhyNothingCame(t *testing.T) {
	t.Parallel()
	wait := handler.Func(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	})
	for _, c := range []struct {
		name       string
		page       func(t *testing.T) http.Handler
		status     int
		retryAfter string
		reason     string
	}{
		{"unavailable", func(t *testing.T) http.Handler {
			return page(servicetest.NewClient(t, svc, servicetest.Addr(), service.WithWait(10*time.Millisecond)))
		}, 503, "1", "the service is not available"},
		{"timeout", func(t *testing.T) http.Handler {
			return page(servicetest.New(t, svc, wait), service.WithTimeout(20*time.Millisecond))
		}, 504, "", "the service did not answer in time"},
		{"lost", func(t *testing.T) http.Handler { return page(losing(t)) }, 502, "", "the service instance went away"},
		{"too large", func(t *testing.T) http.Handler {
			c := servicetest.New(t, svc, text("hi"), service.WithMaxBody(10))
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				web.Forward(w, r, c, svc, &handler.Request{Path: "/", Body: make([]byte, 11)})
			})
		}, 413, "", "too large"},
		{"no route", func(t *testing.T) http.Handler { return page(servicetest.New(t, svc, new(handler.Mux))) }, 404, "", "no such path"},
		{"closed", func(t *testing.T) http.Handler {
			c := servicetest.New(t, svc, wait)
			if err := c.Shutdown(t.Context()); err != nil {
				t.Fatal(err)
			}
			return page(c)
		}, 503, "1", "shutting down"},
		{"unknown service", func(t *testing.T) http.Handler { return page(service.NewClient()) }, 500, "", ""},
		{"invalid", func(t *testing.T) http.Handler {
			c := servicetest.New(t, svc, wait)
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				web.Forward(w, r, c, svc, &handler.Request{Path: "no slash"})
			})
		}, 500, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			w := visit(c.page(t), "GET", "/a")
			is.Equal(w.Code, c.status)
			is.Equal(w.Header().Get("Retry-After"), c.retryAfter)
			is.Equal(w.Header().Get("Cache-Control"), "no-store") // it may be otherwise in a moment
			is.True(strings.Contains(w.Body.String(), c.reason))  // people are told why
		})
	}
}

// losing is a client whose instance dies of its first request.
func losing(t *testing.T) *service.Client {
	addr := servicetest.Addr()
	c := servicetest.NewClient(t, svc, addr)
	var s *service.Server
	closed := make(chan error, 1)
	s = servicetest.NewServer(t, svc, handler.Func(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
		go func() { closed <- s.Close() }()
		<-ctx.Done()
		return nil, ctx.Err()
	}), addr)
	ready(t, c)
	t.Cleanup(func() { recv(t, closed, "the end of the instance") })
	return c
}

func TestForwardAfterTheClientLeftIs499(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	began := make(chan bool, 1)
	c := servicetest.New(t, svc, handler.Func(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
		began <- true
		<-ctx.Done()
		return nil, ctx.Err()
	}))
	codes := make(chan int, 1)
	w := world{addr: listen(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		noted := httptest.NewRecorder()
		page(c).ServeHTTP(noted, r)
		codes <- noted.Code
	}))}
	conn := w.dial(t)
	_, err := io.WriteString(conn, get("/"))
	is.NoErr(err) // the request is sent
	recv(t, began, "the request")
	is.NoErr(conn.Close())
	is.Equal(recv(t, codes, "the page's end"), 499) // for the access log
}
