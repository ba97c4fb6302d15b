package handler_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/matryer/is"

	"quartet/handler"
)

func panics(v any) handler.Handler {
	return handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) { panic(v) })
}

func returns(resp *handler.Response, err error) handler.Handler {
	return handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) { return resp, err })
}

func TestRun(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	ctx, r := context.Background(), &handler.Request{Path: "/a"}

	_, err := handler.Run(ctx, handler.Func(func(ctx context.Context, got *handler.Request) (*handler.Response, error) {
		is.Equal(handler.FromContext(ctx), r) // the context has the Request
		is.Equal(got, r)
		return handler.Text("x"), nil
	}), r)
	is.NoErr(err)

	resp, err := handler.Run(ctx, returns(handler.Text("x"), errSecret), r)
	is.True(resp == nil && errors.Is(err, errSecret)) // of two results the error counts

	resp, err = handler.Run(ctx, returns(nil, nil), r)
	is.True(resp == nil && errors.Is(err, handler.ErrNoResponse)) // of none an error is made

	for _, status := range []int{-1, 1, 99, 600} {
		resp, err = handler.Run(ctx, returns(&handler.Response{Status: status}, nil), r)
		is.True(resp == nil && handler.StatusOf(err) == 500) // a status that is none must be noticed here
	}
	for _, status := range []int{0, 100, 599} {
		_, err = handler.Run(ctx, returns(&handler.Response{Status: status}, nil), r)
		is.NoErr(err) // the edges of the scale
	}
}

func TestRunRecovers(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var cause *handler.PanicError
	resp, err := handler.Run(context.Background(), panics(errSecret), &handler.Request{})
	is.True(resp == nil && errors.As(err, &cause))                // a panic is an error
	is.Equal(cause.Value, errSecret)                              // with its value
	is.True(strings.Contains(string(cause.Stack), "run_test.go")) // and where it came from
	is.True(!errors.Is(err, errSecret))                           // the value decides nothing
	is.Equal(err.Error(), "handler: panic: password is 1234")

	_, err = handler.Run(context.Background(), panics(nil), &handler.Request{})
	is.True(errors.As(err, &cause)) // panic(nil) is one too
	_, err = handler.Run(context.Background(), nil, &handler.Request{})
	is.True(errors.As(err, &cause)) // and so is no handler at all
}

func TestRunTo(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		h    handler.Handler
		want error
	}{
		"an answer":   {says("x"), nil},
		"an error":    {returns(nil, errSecret), errSecret},
		"no response": {returns(nil, nil), handler.ErrNoResponse},
		"Goexit": {handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) {
			runtime.Goexit()
			return nil, nil
		}), handler.ErrGoexit},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			answers := make(chan error, 2)
			gone := make(chan struct{})
			go func() { // Goexit ends the goroutine that runs the handler
				defer close(gone)
				handler.RunTo(context.Background(), tt.h, &handler.Request{}, func(_ *handler.Response, err error) { answers <- err })
			}()
			<-gone
			is.Equal(len(answers), 1)              // exactly one answer
			is.True(errors.Is(<-answers, tt.want)) // and the right one
		})
	}
}
