// Package servicetest runs a service and its client in one process, over inproc, for the tests of those
// who write handlers or pages:
//
//	c := servicetest.New(t, "slow", handler.Func(slow))
//	out, err := service.Invoke[Report](t.Context(), c, "slow", "/reports/7", nil)
//
// NewClient and NewServer are for several instances, or options of a server; a Chaos breaks the connections of either
// side. All of it works in a testing/synctest bubble, where time limits cost no time.
package servicetest

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"quartet/handler"
	"quartet/service"
)

// Grace is how long the end of a test waits for calls under way.
const Grace = 5 * time.Second

var count atomic.Uint64

// Addr returns an address over inproc that no other test has.
func Addr() service.Addr {
	n := count.Add(1)
	return service.Addr{
		Requests:  fmt.Sprintf("inproc://servicetest/%d/requests", n),
		Responses: fmt.Sprintf("inproc://servicetest/%d/responses", n),
	}
}

// New starts one instance of a service and returns a client that is connected to it. Both log to t, and
// are shut down when the test ends, which fails it if that fails. It works in a testing/synctest bubble.
func New(t testing.TB, name string, h handler.Handler, o ...service.ClientOption) *service.Client {
	t.Helper()
	addr := Addr()
	c := NewClient(t, name, addr, o...)
	NewServer(t, name, h, addr)
	ctx, cancel := context.WithTimeout(context.Background(), Grace)
	defer cancel()
	if err := c.Ready(ctx, name); err != nil {
		t.Fatalf("servicetest: %v", err)
	}
	return c
}

// NewClient returns a client with one service registered, for tests that start servers of their own.
func NewClient(t testing.TB, name string, addr service.Addr, o ...service.ClientOption) *service.Client {
	t.Helper()
	c := service.NewClient(append([]service.ClientOption{service.WithLogger(Logger(t))}, o...)...)
	if err := c.Register(name, []service.Addr{addr}); err != nil {
		t.Fatalf("servicetest: %v", err)
	}
	t.Cleanup(func() { end(t, "client", c.Shutdown) })
	return c
}

// NewServer starts one more instance at an address.
func NewServer(t testing.TB, name string, h handler.Handler, addr service.Addr, o ...service.ServerOption) *service.Server {
	t.Helper()
	s := service.NewServer(name, h, append([]service.ServerOption{service.WithLogger(Logger(t))}, o...)...)
	served := make(chan error, 1)
	go func() {
		err := s.Serve(addr)
		if err != service.ErrClosed {
			t.Errorf("servicetest: serve: %v", err) // now, not when Ready has timed out
		}
		served <- err
	}()
	t.Cleanup(func() {
		end(t, "server", s.Shutdown)
		<-served
	})
	return s
}

func end(t testing.TB, what string, shutdown func(context.Context) error) {
	ctx, cancel := context.WithTimeout(context.Background(), Grace)
	defer cancel()
	if err := shutdown(ctx); err != nil {
		t.Errorf("servicetest: shutdown of the %s: %v", what, err)
	}
}

// Logger logs to t.
func Logger(t testing.TB) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
}
