package service_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/service"
	"quartet/service/servicetest"
)

// TestLoneCaller: whoever calls alone reads the answers itself. No answer gets lost or crossed when others call at times,
// when something is sent meanwhile, when a handler is slow for once, and when a caller leaves.
func TestLoneCaller(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, addr service.Addr) {
		is := is.New(t)
		gate := newGate()
		receipts := make(chan string, 1)
		c := newClient(t, addr, service.WithResponses(handler.Func(func(_ context.Context, r *handler.Request) (*handler.Response, error) {
			if r.Answer.Err == nil && r.Path == "/sent" {
				receipts <- string(r.Answer.Body)
			}
			return nil, nil
		})))
		newServer(t, handler.Func(func(ctx context.Context, r *handler.Request) (*handler.Response, error) {
			if r.Path == "/wait" {
				return gate.Serve(ctx, r)
			}
			return echo(ctx, r)
		}), addr)
		ready(t, c)
		lone := func(calls int) {
			for i := range calls {
				body := strconv.Itoa(i)
				reply, err := c.Call(t.Context(), svc, &handler.Request{Path: "/", Body: []byte(body)})
				is.NoErr(err)
				is.Equal(string(reply.Body), body) // its own answer
			}
		}
		for round := range 5 {
			lone(100)
			_, err := c.Send(t.Context(), svc, &handler.Request{Path: "/sent", Body: []byte{byte(round)}})
			is.NoErr(err)
			is.Equal(recv(t, receipts, "the receipt, while nobody calls"), string([]byte{byte(round)}))

			lone(100)
			var others sync.WaitGroup
			for range 2 {
				others.Go(func() { lone(200) })
			}
			others.Wait()

			lone(100)
			ctx, leave := context.WithCancel(t.Context())
			slow := ask(ctx, c, "/wait")
			recv(t, gate.entered, "a call that is slow for once")
			lone(20)
			leave()
			is.True(errors.Is((<-slow).err, service.ErrCanceled))
			recv(t, gate.ended, "its handler ends")
		}
	})
}

// TestLoneCallerLosesItsInstance: the end of an instance is found by who reads its answers, or by nobody in particular.
func TestLoneCallerLosesItsInstance(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, addr service.Addr) {
		is := is.New(t)
		gate := newGate()
		c := newClient(t, addr, service.WithWait(time.Millisecond))
		serve := func() *service.Server {
			s := servicetest.NewServer(t, svc, handler.Func(func(ctx context.Context, r *handler.Request) (*handler.Response, error) {
				if r.Path == "/wait" {
					return gate.Serve(ctx, r)
				}
				return echo(ctx, r)
			}), addr, service.WithSecret(secret))
			ready(t, c)
			for range 50 {
				is.NoErr((<-ask(t.Context(), c, "/")).err)
			}
			return s
		}
		is.NoErr(serve().Close())
		await(t, "nobody serves any more", func() bool {
			_, err := c.Call(t.Context(), svc, &handler.Request{Path: "/"})
			return errors.Is(err, service.ErrUnavailable)
		})
		s := serve()
		lost := ask(t.Context(), c, "/wait")
		recv(t, gate.entered, "a call under way")
		closed := make(chan error, 1)
		go func() { closed <- s.Close() }()
		is.True(errors.Is((<-lost).err, service.ErrLost))
		gate.Open()
		is.NoErr(<-closed)
	})
}
