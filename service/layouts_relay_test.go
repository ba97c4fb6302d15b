package service_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/service"
	"quartet/service/servicetest"
)

// TestRelayedAnswersAreForWhoAsked: the response handlers of an instance that relays are for its own calls.
func TestRelayedAnswersAreForWhoAsked(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	toMiddle, toBackend := servicetest.Addr(), servicetest.Addr()
	var ran atomic.Int32
	count := handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) {
		ran.Add(1)
		return &handler.Response{}, nil
	})
	inner := servicetest.NewClient(t, "backend", toBackend, service.WithResponses(count))
	servicetest.NewServer(t, "backend", echo, toBackend)
	servicetest.NewServer(t, "middle", handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) {
		return handler.Forward("backend", ""), nil
	}), toMiddle, service.WithClient(inner))
	app := servicetest.NewClient(t, "middle", toMiddle)
	_, err := app.Call(t.Context(), "middle", &handler.Request{Path: "/"})
	is.NoErr(err)
	is.Equal(ran.Load(), int32(0)) // not for what it relays
	_, err = inner.Call(t.Context(), "backend", &handler.Request{Path: "/"})
	is.NoErr(err)
	is.Equal(ran.Load(), int32(1)) // for what it asks
}
