package service_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/service"
	"quartet/service/servicetest"
)

// TestInvalidRequests are refused at once, even while no instance is there.
func TestInvalidRequests(t *testing.T) {
	t.Parallel()
	c := newClient(t, servicetest.Addr(), service.WithWait(time.Hour), service.WithMaxBody(1000))
	for _, e := range []struct {
		name    string
		request handler.Request
		want    error
		status  int
	}{
		{"no path", handler.Request{}, service.ErrInvalid, 500},
		{"path without a slash", handler.Request{Path: "a"}, service.ErrInvalid, 500},
		{"path too long", handler.Request{Path: "/" + strings.Repeat("a", 4096)}, service.ErrInvalid, 500},
		{"path that is no text", handler.Request{Path: "/\xff"}, service.ErrInvalid, 500},
		{"METHOD in upper case", handler.Request{Path: "/", Method: "GET"}, service.ErrInvalid, 500},
		{"METHOD with a space", handler.Request{Path: "/", Method: "a b"}, service.ErrInvalid, 500},
		{"header name in upper case", handler.Request{Path: "/", Header: map[string][]string{"Accept": {"a"}}}, service.ErrInvalid, 500},
		{"header value with a line break", handler.Request{Path: "/", Header: map[string][]string{"accept": {"a\nb"}}}, service.ErrInvalid, 500},
		{"argument that is no text", handler.Request{Path: "/", Args: map[string]string{"a": "\xff"}}, service.ErrInvalid, 500},
		{"body over the limit", handler.Request{Path: "/", Body: make([]byte, 1001)}, service.ErrTooLarge, 413},
	} {
		t.Run(e.name, func(t *testing.T) {
			is := is.New(t)
			_, err := c.Call(t.Context(), svc, &e.request)
			failed(is, err, e.want, e.status) // as a Call
			_, err = c.Send(t.Context(), svc, &e.request)
			failed(is, err, e.want, e.status) // as a Send
			is.Equal(c.Leftovers(), nil)      // and nothing is left of it
		})
	}
}

func TestUnknownService(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	c := service.NewClient()
	defer c.Close()
	_, err := c.Call(t.Context(), "nobody", &handler.Request{Path: "/"})
	failed(is, err, service.ErrUnknownService, 500)
	_, err = c.Send(t.Context(), "nobody", &handler.Request{Path: "/"})
	failed(is, err, service.ErrUnknownService, 500)
	failed(is, c.Ready(t.Context(), "nobody"), service.ErrUnknownService, 500)
	failed(is, c.Unregister(t.Context(), "nobody"), service.ErrUnknownService, 500)
	is.Equal(c.Addrs("nobody"), nil)
}

// TestResponseTooLarge: what a handler answers is bounded as well.
func TestResponseTooLarge(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var log journal
	c, _ := pair(t, handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) {
		return &handler.Response{Body: make([]byte, 1001)}, nil
	}), service.WithMaxBody(1000), service.WithLogger(log.logger()))
	reply, err := c.Call(t.Context(), svc, &handler.Request{Path: "/"})
	is.NoErr(err) // the service answered, if not what it wanted
	is.Equal(reply.Code(), 502)
	is.Equal(reply.Reason, "the response is too large")
	is.True(strings.Contains(log.String(), "1001 bytes")) // the log knows how large
}

// TestRequestTooLargeForServer: where the two sides disagree, the connection is cut and the caller is told.
func TestRequestTooLargeForServer(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	c, _ := pair(t, echo, service.WithMaxBody(1000))
	_, err := c.Call(t.Context(), svc, &handler.Request{Path: "/", Body: make([]byte, 100_000)})
	failed(is, err, service.ErrLost, 502)
	reply, err := c.Call(t.Context(), svc, &handler.Request{Path: "/", Body: make([]byte, 1000)})
	is.NoErr(err) // the instance is met again
	is.Equal(len(reply.Body), 1000)
}

// TestResponsesThatCannotTravel become 500, and the log says why.
func TestResponsesThatCannotTravel(t *testing.T) {
	t.Parallel()
	for name, resp := range map[string]*handler.Response{
		"header name": {Header: map[string][]string{"Upper": {"a"}}},
		"METHOD":      {Method: "UPPER"},
		"status":      {Status: 42},
		"reason":      {Status: 200, Reason: "line\nbreak"}, // is cleaned
	} {
		t.Run(name, func(t *testing.T) {
			is := is.New(t)
			var log journal
			c, _ := pair(t, handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) {
				return resp, nil
			}), service.WithLogger(log.logger()))
			reply, err := c.Call(t.Context(), svc, &handler.Request{Path: "/"})
			is.NoErr(err)
			if name == "reason" {
				is.Equal(reply.Code(), 200)
				is.Equal(reply.Reason, "line break")
				return
			}
			is.Equal(reply.Code(), 500)
			is.True(strings.Contains(log.String(), "a handler failed")) // with its cause
		})
	}
}

// TestBodyLimitIsBothWays: exactly the limit passes.
func TestBodyLimitIsBothWays(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	addr := servicetest.Addr()
	c := newClient(t, addr, service.WithMaxBody(5000))
	newServer(t, echo, addr, service.WithMaxBody(5000))
	ready(t, c)
	body := bytes.Repeat([]byte("x"), 5000)
	reply, err := c.Call(t.Context(), svc, &handler.Request{Path: "/", Body: body})
	is.NoErr(err)
	is.Equal(reply.Body, body)
}
