package service_test

import (
	"context"
	"errors"
	"testing"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/service"
	"quartet/service/servicetest"
)

// TestResponseHandlers: path of the request and METHOD of the response choose one, in the caller's goroutine.
func TestResponseHandlers(t *testing.T) {
	t.Parallel()
	type key struct{}
	boom := errors.New("boom")
	var responses handler.Mux
	responses.Method("response", "/a", handler.Func(func(ctx context.Context, r *handler.Request) (*handler.Response, error) {
		return handler.Text(ctx.Value(key{}).(string) + " " + r.Answer.Text() + " " + r.Arg("x", "") + string(r.Body)), nil
	}))
	responses.Method("done", "/a", handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) {
		return handler.Text("it is done"), nil
	}))
	responses.Handle("/fails", handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) { return nil, boom }))
	responses.Handle("/404", handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) {
		return nil, handler.Errorf(404, "none of mine")
	}))
	addr := servicetest.Addr()
	c := newClient(t, addr, service.WithResponses(&responses))
	newServer(t, handler.Func(func(_ context.Context, r *handler.Request) (*handler.Response, error) {
		return &handler.Response{Method: r.Arg("method", ""), Body: []byte("answer")}, nil
	}), addr)
	ready(t, c)
	ctx := context.WithValue(t.Context(), key{}, "caller")

	for _, e := range []struct {
		name, path, method string
		made               string
		err                error
		status             int // of MadeErr
	}{
		{name: "usual METHOD", path: "/a", made: "caller answer yanswer"},
		{name: "METHOD of the service", path: "/a", method: "done", made: "it is done"},
		{name: "unhandled METHOD", path: "/a", method: "other"},
		{name: "unhandled path", path: "/b"},
		{name: "it fails", path: "/fails", err: boom, status: 500},
		{name: "a 404 of its own", path: "/404", status: 404}, // is not unhandled
	} {
		t.Run(e.name, func(t *testing.T) {
			is := is.New(t)
			args := map[string]string{"x": "y"}
			if e.method != "" {
				args["method"] = e.method
			}
			reply, err := c.Call(ctx, svc, &handler.Request{Path: e.path, Args: args})
			is.NoErr(err)
			is.Equal(reply.Text(), "answer") // whatever was made of it
			switch {
			case e.status > 0:
				is.True(reply.Made == nil)
				is.Equal(handler.StatusOf(reply.MadeErr), e.status)
				is.True(e.err == nil || errors.Is(reply.MadeErr, e.err))
			case e.made == "":
				is.True(reply.Made == nil && reply.MadeErr == nil) // unhandled
			default:
				is.NoErr(reply.MadeErr)
				is.Equal(reply.Made.Text(), e.made)
			}
		})
	}
}

// TestResponseHandlerPanics in the caller's goroutine, and the caller learns of it as an error.
func TestResponseHandlerPanics(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	addr := servicetest.Addr()
	c := service.NewClient()
	defer c.Close()
	is.NoErr(c.Register(svc, []service.Addr{addr}, service.WithResponses(handler.Func(
		func(context.Context, *handler.Request) (*handler.Response, error) { panic("boom") }))))
	newServer(t, echo, addr)
	ready(t, c)
	reply, err := c.Call(t.Context(), svc, &handler.Request{Path: "/", Body: []byte("x")})
	is.NoErr(err)
	is.Equal(reply.Text(), "x")
	var p *handler.PanicError
	is.True(errors.As(reply.MadeErr, &p))
}

// TestLocalFailuresOfCalls are errors, not responses: no response handler sees them.
func TestLocalFailuresOfCalls(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	c, got := sender(t, servicetest.Addr(), service.WithWait(0))
	_, err := c.Call(t.Context(), svc, &handler.Request{Path: "/"})
	failed(is, err, service.ErrUnavailable, 503)
	is.Equal(len(got), 0)
}
