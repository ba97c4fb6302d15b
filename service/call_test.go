package service_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/service"
)

func TestCall(t *testing.T) {
	t.Parallel()
	inEveryWorld(t, func(t *testing.T, addr service.Addr) {
		is := is.New(t)
		c := newClient(t, addr)
		newServer(t, handler.Func(func(_ context.Context, r *handler.Request) (*handler.Response, error) {
			return &handler.Response{
				Status: 201, Reason: "made", Header: map[string][]string{"x": {r.HeaderValue("x"), r.Method}},
				Body: append([]byte(r.Arg("who", "")+": "), r.Body...),
			}, nil
		}), addr)
		ready(t, c)
		reply, err := c.Call(t.Context(), svc, &handler.Request{
			Path: "/a", Method: handler.MethodPut, Args: map[string]string{"who": "me"},
			Header: map[string][]string{"x": {"y"}}, Body: []byte("body"),
		})
		is.NoErr(err)
		is.Equal(reply.Code(), 201)
		is.Equal(reply.Reason, "made")
		is.Equal(reply.Text(), "me: body")                 // arguments and body went there and back
		is.Equal(reply.Header["x"], []string{"y", "put"})  // header and METHOD too
		is.True(reply.Made == nil && reply.MadeErr == nil) // no response handler is registered
		is.True(reply.Err == nil)                          // it was not made on this side
	})
}

func TestCallLargeBody(t *testing.T) {
	t.Parallel()
	inEveryWorld(t, func(t *testing.T, addr service.Addr) {
		is := is.New(t)
		c := newClient(t, addr)
		newServer(t, echo, addr)
		ready(t, c)
		body := bytes.Repeat([]byte("quartet!"), service.DefaultMaxBody/8)
		reply, err := c.Call(t.Context(), svc, &handler.Request{Path: "/", Body: body})
		is.NoErr(err)
		is.True(bytes.Equal(reply.Body, body)) // 4 MiB, there and back
	})
}

func TestStatusIsNoError(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	c, _ := pair(t, handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) {
		return &handler.Response{Status: 418, Reason: "a teapot"}, nil
	}))
	reply, err := c.Call(t.Context(), svc, &handler.Request{Path: "/"})
	is.NoErr(err) // an answer came
	is.Equal(reply.Code(), 418)

	_, err = service.Invoke[string](t.Context(), c, svc, "/", nil)
	is.Equal(handler.StatusOf(err), 418)              // Invoke makes an error of it
	is.Equal(err.(*handler.Error).Remote, true)       // which was not made here
	is.Equal(err.(*handler.Error).Reason, "a teapot") // and has the reason
	is.Equal(err.Error(), "418 a teapot (remote)")    // which its text shows
}

func TestInvoke(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	type in struct{ A, B int }
	c, _ := pair(t, handler.Typed(func(_ context.Context, v in) (int, error) { return v.A + v.B, nil }))
	sum, err := service.Invoke[int](t.Context(), c, svc, "/sum", in{2, 3})
	is.NoErr(err)
	is.Equal(sum, 5)

	_, err = service.Invoke[map[string]string](t.Context(), c, svc, "/sum", in{2, 3})
	is.Equal(handler.StatusOf(err), 502) // what answered is to blame for a body that does not fit

	_, err = service.Invoke[int](t.Context(), c, svc, "/sum", func() {})
	failed(is, err, service.ErrInvalid, 500) // what cannot be encoded is not sent
}

func TestCallOptions(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	c, _ := pair(t, handler.Func(func(_ context.Context, r *handler.Request) (*handler.Response, error) {
		return handler.Text(r.Method + " " + r.Arg("a", "-") + r.Arg("b", "-")), nil
	}))
	r := &handler.Request{Path: "/", Args: map[string]string{"a": "own"}}
	reply, err := c.Call(t.Context(), svc, r, service.WithMethod("get"), service.WithArg("a", "1"), service.WithArg("b", "1"), service.WithArg("b", "2"))
	is.NoErr(err)
	is.Equal(reply.Text(), "get own2")              // the request's own arguments stay, of options the last counts
	is.Equal(r.Args, map[string]string{"a": "own"}) // the request is not changed
	is.Equal(r.Method, "")                          // nor is its METHOD
	reply, err = c.Call(t.Context(), svc, &handler.Request{Path: "/", Method: "put"}, service.WithMethod("get"))
	is.NoErr(err)
	is.Equal(reply.Text(), "put --") // a METHOD of its own wins
	reply, err = c.Call(t.Context(), svc, &handler.Request{Path: "/"})
	is.NoErr(err)
	is.Equal(reply.Text(), "request --") // the METHOD of a message that names none
}

func TestRequestKnowsWhoAsks(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	c, _ := pair(t, handler.Func(func(ctx context.Context, r *handler.Request) (*handler.Response, error) {
		return handler.Text(handler.FromContext(ctx).From()), nil
	}))
	reply, err := c.Call(t.Context(), svc, &handler.Request{Path: "/"})
	is.NoErr(err)
	is.Equal(len(reply.Text()), 32) // the instance id of the app
}
