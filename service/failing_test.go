package service_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/service"
)

// TestFailingHandlers: whatever a handler does, its caller gets an answer, the log the reason, and the
// instance lives on.
func TestFailingHandlers(t *testing.T) {
	t.Parallel()
	for _, e := range []struct {
		name   string
		serve  handler.Func
		status int
		reason string
		log    string // "": nothing is logged
	}{
		{"panics", func(context.Context, *handler.Request) (*handler.Response, error) { panic("hidden: boom") }, 500, "internal error", "hidden: boom"},
		{"panics with an *Error", func(context.Context, *handler.Request) (*handler.Response, error) {
			panic(handler.Errorf(404, "hidden: 404"))
		}, 500, "internal error", "hidden: 404"},
		{"nil pointer", func(context.Context, *handler.Request) (*handler.Response, error) {
			var r *handler.Request
			return handler.Text(r.Path), nil
		}, 500, "internal error", "nil pointer dereference"},
		{"nothing at all", func(context.Context, *handler.Request) (*handler.Response, error) { return nil, nil }, 500, "internal error", "neither a response nor an error"},
		{"Goexit", func(context.Context, *handler.Request) (*handler.Response, error) {
			runtime.Goexit()
			return nil, nil
		}, 500, "internal error", "Goexit"},
		{"a plain error", func(context.Context, *handler.Request) (*handler.Response, error) {
			return nil, errors.New("hidden: the password is 1234")
		}, 500, "internal error", "hidden: the password is 1234"},
		{"an *Error below 500", func(context.Context, *handler.Request) (*handler.Response, error) {
			return nil, &handler.Error{Status: 409, Reason: "in use", Header: map[string][]string{"retry-after": {"7"}}, Err: errors.New("hidden")}
		}, 409, "in use", ""},
		{"an *Error from 500", func(context.Context, *handler.Request) (*handler.Response, error) {
			return nil, &handler.Error{Status: 507, Reason: "full", Header: map[string][]string{"retry-after": {"7"}}, Err: errors.New("hidden: disk")}
		}, 507, "full", "hidden: disk"},
		{"a wrapped *Error", func(context.Context, *handler.Request) (*handler.Response, error) {
			return nil, fmt.Errorf("hidden: %w", handler.Errorf(410, "gone for good"))
		}, 410, "gone for good", ""},
	} {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			var log journal
			var mux handler.Mux
			mux.Handle("/bad", e.serve)
			mux.Handle("/good", echo)
			// One handler at a time: what a failure does not give back would be missed at once.
			c, s := pair(t, &mux, service.WithConcurrency(1), service.WithLogger(log.logger()))
			for range 3 {
				reply, err := c.Call(t.Context(), svc, &handler.Request{Path: "/bad"})
				is.NoErr(err)
				is.Equal(reply.Code(), e.status)
				is.Equal(reply.Reason, e.reason) // and no more than that
				if e.reason == "in use" || e.reason == "full" {
					is.Equal(reply.HeaderValue("retry-after"), "7") // headers of an *Error travel
				}
				good, err := c.Call(t.Context(), svc, &handler.Request{Path: "/good"})
				is.NoErr(err)
				is.Equal(good.Code(), 200) // the instance lives on
			}
			await(t, "nothing is left", func() bool { return s.Leftovers() == nil })
			is.Equal(strings.Contains(log.String(), "a handler failed"), e.log != "")
			is.True(strings.Contains(log.String(), e.log)) // the reason is in the log
			if strings.HasPrefix(e.name, "panics") {
				is.True(strings.Contains(log.String(), "failing_test.go")) // with the stack of a panic
			}
		})
	}
}

// TestHandlersOfCallersWhoLeft fail with their contexts' errors; that is nothing to log.
func TestHandlersOfCallersWhoLeft(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var log journal
	g := newGate()
	defer g.Open()
	c, s := pair(t, g, service.WithLogger(log.logger()))
	ctx, cancel := context.WithCancel(t.Context())
	done := ask(ctx, c, "/")
	recv(t, g.entered, "the handler began")
	cancel()
	recv(t, done, "the caller was told")
	await(t, "the handler is over", func() bool { return s.Leftovers() == nil })
	is.True(!strings.Contains(log.String(), "a handler failed"))
}
