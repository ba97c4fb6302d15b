package web_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/web"
)

// serve asks an HTTP handler as a service does that knows nothing of Offload.
func serve(t *testing.T, h http.HandlerFunc, r *handler.Request) (*handler.Response, error) {
	t.Helper()
	return web.Serve(h).Serve(t.Context(), r)
}

func TestServeOfARequestThatIsNotHTTP(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	for path, want := range map[string]string{
		"/a": "/a", "/a?b": "/a?b", "/a%2Fb": "/a/b", "/a b": "/a b", "/\u00e4": "/\u00e4", "//a": "//a", "/a#b": "/a#b",
	} {
		resp, err := serve(t, func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			fmt.Fprint(w, r.Method, r.URL.Path, " ", r.URL.RawQuery, r.Host, r.RemoteAddr, r.TLS == nil, r.Header, r.ContentLength, string(body))
		}, &handler.Request{Path: path, Body: []byte("hi"), Header: map[string][]string{"accept": {"a", "b"}}})
		is.NoErr(err)
		is.Equal(resp.Text(), "REQUEST"+want+" true map[Accept:[a b]] 2hi")
	}
	_, err := serve(t, nil, &handler.Request{Path: "/100%"})
	is.Equal(handler.StatusOf(err), 400) // no handler has to look at that
}

func TestServeTellsTheLengthOnlyWhereItCounts(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	for _, c := range []struct{ method, length, want string }{
		{"get", "2", ""}, {"get", "-1", ""}, {"head", "2", "2"}, {"head", "7", "7"}, {"head", "-1", "2"}, {"head", "", "2"},
	} {
		resp, err := serve(t, answering(0, "hi", "Content-Length", c.length), &handler.Request{Path: "/", Method: c.method})
		is.NoErr(err)
		is.Equal(resp.HeaderValue("content-length"), c.want) // of a body that does not travel
		is.Equal(len(resp.Body) == 0, c.method == "head")
	}
}

// Whatever cannot cross is heard of at once: by the error of Write, and by the context.
func TestServeTellsTheHandlerToStop(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	wrote := 0
	_, err := serve(t, func(w http.ResponseWriter, r *http.Request) {
		for part := strings.Repeat("x", 1<<20); r.Context().Err() == nil && wrote < 100; wrote++ {
			_, err := io.WriteString(w, part)
			is.Equal(err != nil, wrote >= 4) // the fifth is too much
		}
		is.Equal(handler.StatusOf(context.Cause(r.Context())), 502) // and why
	}, &handler.Request{Path: "/"})
	is.Equal(handler.StatusOf(err), 502)
	is.Equal(wrote, 5) // it stopped at once
}

func TestServeOfNothingPanics(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	defer func() { is.Equal(recover(), "web: Serve: nil handler") }()
	web.Serve(nil)
}
