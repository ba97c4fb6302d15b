package servicetest_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/service"
	"quartet/service/servicetest"
)

func upper(_ context.Context, in string) (string, error) { return strings.ToUpper(in), nil }

func TestNew(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	c := servicetest.New(t, "text", handler.Typed(upper))
	out, err := service.Invoke[string](t.Context(), c, "text", "/upper", "quartet")
	is.NoErr(err)
	is.Equal(out, "QUARTET")
}

// TestNewInABubble: time limits of hours cost nothing.
func TestNewInABubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		c := servicetest.New(t, "slow", handler.Func(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
			time.Sleep(time.Hour)
			return handler.Text("done"), nil
		}), service.WithTimeout(2*time.Hour))
		began := time.Now()
		reply, err := c.Call(t.Context(), "slow", &handler.Request{Path: "/"})
		is.NoErr(err)
		is.Equal(reply.Text(), "done")
		is.Equal(time.Since(began), time.Hour)

		_, err = c.Call(t.Context(), "slow", &handler.Request{Path: "/"}, service.WithTimeout(time.Minute))
		is.True(errors.Is(err, service.ErrTimeout))
		time.Sleep(time.Hour) // the handler is over
	})
}

// TestSeveralInstances of one service, one of which leaves.
func TestSeveralInstances(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	addr := servicetest.Addr()
	c := servicetest.NewClient(t, "text", addr)
	first := servicetest.NewServer(t, "text", handler.Typed(upper), addr)
	servicetest.NewServer(t, "text", handler.Typed(upper), addr, service.WithConcurrency(1))
	is.NoErr(c.Ready(t.Context(), "text"))
	for n := range 20 {
		if n == 10 {
			is.NoErr(first.Shutdown(t.Context()))
		}
		_, err := service.Invoke[string](t.Context(), c, "text", "/upper", "quartet")
		is.NoErr(err)
	}
}

// TestServiceBinds: the address says which side binds.
func TestServiceBinds(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	addr := servicetest.Addr()
	addr.ServiceBinds = true
	servicetest.NewServer(t, "text", handler.Typed(upper), addr)
	c := servicetest.NewClient(t, "text", addr)
	out, err := service.Invoke[string](t.Context(), c, "text", "/upper", "quartet")
	is.NoErr(err)
	is.Equal(out, "QUARTET")
}

func TestAddrsDiffer(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	one, other := servicetest.Addr(), servicetest.Addr()
	is.True(one != other) // each test has its own
}
