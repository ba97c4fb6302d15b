package service_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"
	"golang.org/x/sync/errgroup"

	"quartet/handler"
	"quartet/service"
	"quartet/service/servicetest"
)

// TestUnavailable: 1,000 tries without an instance, and not one of them looks like success.
func TestUnavailable(t *testing.T) {
	t.Parallel()
	inEveryWorld(t, func(t *testing.T, addr service.Addr) {
		is := is.New(t)
		var handled atomic.Int32
		c := newClient(t, addr, service.WithWait(50*time.Millisecond), service.WithResponses(handler.Func(
			func(context.Context, *handler.Request) (*handler.Response, error) {
				handled.Add(1)
				return &handler.Response{}, nil
			})))
		var tries errgroup.Group
		for n := range 1000 {
			tries.Go(func() error {
				r := &handler.Request{Path: "/"}
				var err error
				if n%2 == 0 {
					_, err = c.Call(context.Background(), svc, r)
				} else {
					var id string
					id, err = c.Send(context.Background(), svc, r)
					if id != "" {
						return fmt.Errorf("an id for what was not sent: %s", id)
					}
				}
				if !errors.Is(err, service.ErrUnavailable) || handler.StatusOf(err) != 503 {
					return fmt.Errorf("try %d: %v", n, err)
				}
				return nil
			})
		}
		is.NoErr(tries.Wait())
		is.Equal(handled.Load(), int32(0)) // no receipt for what was not sent
		is.Equal(c.Leftovers(), nil)
	})
}

// TestWait follows the clock of a bubble.
func TestWait(t *testing.T) {
	t.Parallel()
	for _, e := range []struct {
		name    string
		wait    []service.ClientOption
		timeout time.Duration
		want    time.Duration
	}{
		{"by default", nil, time.Minute, service.DefaultWait},
		{"as configured", []service.ClientOption{service.WithWait(5 * time.Second)}, time.Minute, 5 * time.Second},
		{"a shorter context", []service.ClientOption{service.WithWait(5 * time.Second)}, time.Second, time.Second},
		{"not at all", []service.ClientOption{service.WithWait(0)}, time.Minute, 0},
	} {
		t.Run(e.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				is := is.New(t)
				c := newClient(t, servicetest.Addr(), e.wait...)
				ctx, cancel := context.WithTimeout(t.Context(), e.timeout)
				defer cancel()
				began := time.Now()
				_, err := c.Call(ctx, svc, &handler.Request{Path: "/"})
				is.Equal(time.Since(began), e.want)
				failed(is, err, service.ErrUnavailable, 503) // nothing was asked: that is no timeout
			})
		})
	}
}

// TestCallWaitsForAnInstance: start order does not matter.
func TestCallWaitsForAnInstance(t *testing.T) {
	t.Parallel()
	inEveryWorld(t, func(t *testing.T, addr service.Addr) {
		is := is.New(t)
		c, got := sender(t, addr, service.WithWait(patience))
		done := ask(t.Context(), c, "/")
		sent := make(chan error, 1)
		go func() {
			_, err := c.Send(context.Background(), svc, &handler.Request{Path: "/work"})
			sent <- err
		}()
		await(t, "both wait", func() bool { return c.Waiting(svc) == 2 })
		newServer(t, echo, addr)
		is.NoErr(recv(t, done, "the answer").err)
		is.NoErr(recv(t, sent, "the hand-over"))
		is.Equal(recv(t, got, "the receipt").Answer.Code(), 200)
	})
}

// TestWaitingCallersLeave in three ways, and leave nothing behind.
func TestWaitingCallersLeave(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	addr := servicetest.Addr()
	c := service.NewClient(service.WithWait(time.Hour))
	is.NoErr(c.Register(svc, []service.Addr{addr}))
	ctx, cancel := context.WithCancel(t.Context())
	canceled := ask(ctx, c, "/")
	await(t, "it waits", func() bool { return c.Waiting(svc) == 1 })
	cancel()
	failed(is, recv(t, canceled, "the canceled").err, service.ErrCanceled, 499)
	failed(is, recv(t, ask(t.Context(), c, "/", service.WithTimeout(time.Millisecond)), "the late").err, service.ErrUnavailable, 503)
	is.Equal(c.Waiting(svc), 0)

	closed := ask(t.Context(), c, "/")
	await(t, "it waits", func() bool { return c.Waiting(svc) == 1 })
	is.NoErr(c.Close())
	failed(is, recv(t, closed, "the one who waited when it closed").err, service.ErrClosed, 503)
	is.Equal(c.Leftovers(), nil)
}
