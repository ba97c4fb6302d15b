package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/service"
	"quartet/web"
)

type answer struct {
	Status int    `json:"status"`
	Error  string `json:"error"`
	Reason string `json:"reason"`
}

func TestErrorStatus(t *testing.T) {
	t.Parallel()
	wait := map[string][]string{"retry-after": {"7"}}
	for _, c := range []struct {
		name       string
		err        error
		want       int
		reason     string
		retryAfter string
	}{
		{"unavailable", service.ErrUnavailable, 503, "the service is not available", "1"},
		{"rejected", service.ErrRejected, 503, "the service is busy", "1"},
		{"closed", service.ErrClosed, 503, "shutting down", "1"},
		{"timeout", service.ErrTimeout, 504, "not done in time", ""},
		{"another deadline", context.DeadlineExceeded, 504, "not done in time", ""},
		{"lost", service.ErrLost, 502, "the service went away before it answered", ""},
		{"too large", service.ErrTooLarge, 413, "the request is too large", ""},
		{"loop", service.ErrLoop, 508, "too many services in a row", ""},
		{"unknown service", service.ErrUnknownService, 500, "", ""},
		{"invalid", service.ErrInvalid, 500, "", ""},
		{"canceled while the client waits", service.ErrCanceled, 500, "the work was canceled", ""},
		{"wrapped by the page", fmt.Errorf("page: %w", &handler.Error{Err: service.ErrLost}), 502,
			"the service went away before it answered", ""},
		{"what it says of itself counts", &handler.Error{Status: 503, Reason: "overloaded", Header: wait,
			Err: service.ErrRejected}, 503, "overloaded", "7"},
		{"forbidden", &handler.Error{Status: 403, Reason: "not you", Err: service.ErrRejected}, 403, "not you", ""},
		{"expired", &handler.Error{Status: 504, Reason: "expired", Err: service.ErrRejected}, 504, "expired", ""},
		{"remote 404", &handler.Error{Status: 404, Reason: "no such report", Remote: true}, 404, "no such report", ""},
		{"remote 503 has only what the service said", &handler.Error{Status: 503, Remote: true}, 503, "", ""},
		{"remote 599", &handler.Error{Status: 599, Reason: "odd", Remote: true}, 599, "odd", ""},
		{"remote nonsense", &handler.Error{Status: 1000, Reason: "x", Remote: true}, 500, "x", ""},
		{"a success is no error", &handler.Error{Status: 200, Reason: "x", Remote: true}, 500, "x", ""},
		{"remote reason that repeats the status", &handler.Error{Status: 404, Reason: "not found", Remote: true}, 404, "", ""},
		{"a page's own", &handler.Error{Status: 422, Reason: "delay too long"}, 422, "delay too long", ""},
		{"only a reason", &handler.Error{Reason: "x"}, 500, "x", ""},
		{"an *Error that is nil", (*handler.Error)(nil), 500, "", ""},
		{"hidden", errors.New("dial 10.1.2.3: password is hunter2"), 500, "", ""},
		{"hidden inside", &handler.Error{Err: errors.New("hunter2")}, 500, "", ""},
		{"nil is a mistake of the page", nil, 500, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			w := httptest.NewRecorder()
			web.Error(w, httptest.NewRequest(http.MethodGet, "/", nil), c.err)

			var got answer
			is.NoErr(json.Unmarshal(w.Body.Bytes(), &got)) // JSON where the client does not say
			is.Equal(w.Code, c.want)                       // the status line
			is.Equal(got.Status, c.want)                   // the body agrees
			is.Equal(got.Reason, c.reason)
			is.Equal(w.Header().Get("Retry-After"), c.retryAfter)
			is.Equal(w.Header().Get("Cache-Control"), "no-store")
		})
	}
}

func TestErrorAfterTheClientLeft(t *testing.T) {
	t.Parallel()
	for _, err := range []error{&handler.Error{Status: 499, Err: service.ErrCanceled}, service.ErrCanceled, context.Canceled} {
		is := is.New(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		w := httptest.NewRecorder()
		web.Error(w, httptest.NewRequest(http.MethodGet, "/", nil).WithContext(ctx), err)
		is.Equal(w.Code, 499) // for the access log
	}
}

func TestErrorHeader(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	w := httptest.NewRecorder()
	for _, name := range []string{"Content-Length", "Content-Encoding", "Content-Disposition", "ETag", "Last-Modified"} {
		w.Header().Set(name, "9") // said about the answer that did not come
	}
	w.Header().Set("Retry-After", "9")
	w.Header().Set("X-Frame-Options", "DENY")
	web.Error(w, httptest.NewRequest(http.MethodGet, "/", nil), &handler.Error{Status: 401, Remote: true,
		Header: map[string][]string{
			"retry-after":      {"3"},
			"allow":            {"get", "post"},
			"www-authenticate": {"Basic realm=\"a\"", "Basic\r\nSet-Cookie: a=b"},
			"content-language": {"de"},
			"set-cookie":       {"a=b"}, "connection": {"close"}, "transfer-encoding": {"chunked"},
			"content-length": {"1"}, "content-type": {"text/html"}, "x-powered-by": {"slow"},
			"content-security-policy": {"default-src *"},
		}})
	w.Header().Del("Date")
	is.Equal(w.Header(), http.Header{
		"Retry-After":            {"3"},
		"Allow":                  {"get", "post"},
		"Www-Authenticate":       {"Basic realm=\"a\""}, // the forged one is dropped
		"Content-Language":       {"de"},
		"Cache-Control":          {"no-store"},
		"Content-Type":           {"application/json"},
		"Content-Length":         {fmt.Sprint(w.Body.Len())},
		"Vary":                   {"Accept"},
		"X-Content-Type-Options": {"nosniff"},
		"X-Frame-Options":        {"DENY"}, // what the site set for every answer stays
	})
}
