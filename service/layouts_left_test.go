package service_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/service"
	"quartet/service/servicetest"
)

// passedOver makes calls that end early at two healthy instances, others in between, and says whether one of the
// instances was passed over for that.
func passedOver(t *testing.T, early func() (context.Context, context.CancelFunc)) bool {
	t.Helper()
	is := is.New(t)
	var log journal
	addr := servicetest.Addr()
	c := servicetest.NewClient(t, svc, addr, service.WithLogger(log.logger()))
	mux := new(handler.Mux)
	mux.Handle("/ok", echo)
	mux.Handle("/work", handler.Func(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}))
	for range 2 {
		newServer(t, mux, addr)
	}
	await(t, "both are there", func() bool { return c.Instances(svc) == 2 })
	for n := range 100 {
		ctx, cancel := early()
		_, err := c.Call(ctx, svc, &handler.Request{Path: "/work"})
		cancel()
		is.True(err != nil) // it ended early
		if n%6 == 5 {
			_, err = c.Call(t.Context(), svc, &handler.Request{Path: "/ok"})
			is.NoErr(err)
		}
	}
	await(t, "all is answered", func() bool { return c.Leftovers() == nil })
	return strings.Contains(log.String(), "passed over")
}

// TestCallersWhoLeaveSayNothing of an instance, nor does what its handlers make of that.
func TestCallersWhoLeaveSayNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		is.True(!passedOver(t, func() (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(context.Background())
			time.AfterFunc(time.Millisecond, cancel)
			return ctx, cancel
		}))
	})
}

// TestShortDeadlinesSayLittle: callers who set deadlines shorter than the work do not take an instance away from those
// who wait.
func TestShortDeadlinesSayLittle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		is.True(!passedOver(t, func() (context.Context, context.CancelFunc) {
			return context.WithTimeout(context.Background(), time.Millisecond)
		}))
	})
}
