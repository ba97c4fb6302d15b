package service_test

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
	"quartet/transport/wire"
)

// receipts collects what the response handlers of Sends get, which ask for /work.
type receipts chan *handler.Request

func (r receipts) Serve(_ context.Context, req *handler.Request) (*handler.Response, error) {
	if req.Path == "/work" {
		r <- req.Clone()
	}
	return &handler.Response{}, nil
}

// only takes the one receipt and says that there is no other: the client is at rest when it is shut down.
func (r receipts) only(t testing.TB, c *service.Client) *handler.Request {
	t.Helper()
	got := recv(t, r, "a receipt")
	if err := c.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	select {
	case more := <-r:
		t.Fatalf("a second receipt: %+v", more.Answer)
	default:
	}
	return got
}

func sender(t testing.TB, addr service.Addr, o ...service.ClientOption) (*service.Client, receipts) {
	t.Helper()
	got := make(receipts, 64)
	return newClient(t, addr, append([]service.ClientOption{service.WithResponses(got)}, o...)...), got
}

func send(t testing.TB, c *service.Client, o ...service.CallOption) string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel() // as net/http does when the page returns
	id, err := c.Send(ctx, svc, &handler.Request{Path: "/work", Args: map[string]string{"a": "b"}}, o...)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// TestSend: it returns while the handler works; the answer comes to the response handler.
func TestSend(t *testing.T) {
	t.Parallel()
	inEveryWorld(t, func(t *testing.T, addr service.Addr) {
		is := is.New(t)
		g := newGate()
		defer g.Open()
		c, got := sender(t, addr)
		newServer(t, g, addr)
		ready(t, c)
		id := send(t, c)
		is.Equal(len(id), 32)
		is.Equal(recv(t, g.entered, "the handler began").Path, "/work")
		g.Open() // so it had not ended before
		r := got.only(t, c)
		is.Equal(r.Path, "/work")              // the path of the request
		is.Equal(r.Method, "response")         // the METHOD of the response
		is.Equal(r.Arg("a", ""), "b")          // the arguments of the request
		is.Equal(string(r.Body), "done /work") // the body of the response
		is.Equal(r.Answer.Code(), 200)
		is.True(r.Answer.Err == nil)
	})
}

// TestSendLost: the instance goes away with the work.
func TestSendLost(t *testing.T) {
	t.Parallel()
	for name, kill := range map[string]func(*service.Server){
		"aborted": func(s *service.Server) { s.AbortApps(errors.New("killed by the test")) },
		"closed":  func(s *service.Server) { s.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			g := newGate()
			defer g.Open()
			addr := servicetest.Addr()
			c, got := sender(t, addr)
			s := newServer(t, g, addr)
			ready(t, c)
			send(t, c)
			recv(t, g.entered, "the handler began")
			kill(s)
			r := got.only(t, c)
			is.Equal(r.Answer.Status, 502)
			is.True(errors.Is(r.Answer.Err, service.ErrLost))
			is.True(errors.Is(r.Answer.AsError(), service.ErrLost)) // as an error too
			is.Equal(r.Method, "response")
			is.Equal(r.Path, "/work")
		})
	}
}

// TestSendDeadline follows the clock of a bubble: the web request is long gone, and the work has a deadline of its own.
func TestSendDeadline(t *testing.T) {
	t.Parallel()
	for _, e := range []struct {
		name   string
		client []service.ClientOption
		send   []service.CallOption
		want   time.Duration
	}{
		{"by default", nil, nil, service.DefaultDeadline},
		{"client", []service.ClientOption{service.WithDeadline(time.Hour)}, nil, time.Hour},
		{"send", []service.ClientOption{service.WithDeadline(time.Hour)}, []service.CallOption{service.WithDeadline(time.Minute)}, time.Minute},
		{"a time limit for calls does not count", nil, []service.CallOption{service.WithTimeout(time.Second)}, service.DefaultDeadline},
	} {
		t.Run(e.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				is := is.New(t)
				addr := servicetest.Addr()
				c, got := sender(t, addr, e.client...)
				f := fakeInstance(t, c, addr, 8) // it never answers
				began := time.Now()
				send(t, c, e.send...)
				is.Equal(next[*wire.Request](f).Left, e.want)
				r := <-got
				is.Equal(time.Since(began), e.want)
				is.Equal(r.Answer.Status, 504)
				is.True(errors.Is(r.Answer.Err, service.ErrTimeout))
				next[*wire.Cancel](f) // nobody waits any more
			})
		})
	}
}

// TestSendAtShutdown: what has no answer when the grace is over is lost.
func TestSendAtShutdown(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	g := newGate()
	defer g.Open()
	addr := servicetest.Addr()
	c, got := sender(t, addr)
	newServer(t, g, addr)
	ready(t, c)
	send(t, c)
	recv(t, g.entered, "the handler began")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	is.True(errors.Is(c.Shutdown(ctx), context.DeadlineExceeded)) // something was cut off
	r := got.only(t, c)
	is.Equal(r.Answer.Status, 502)
	is.True(errors.Is(r.Answer.Err, service.ErrLost))
	is.True(!errors.Is(r.Answer.Err, service.ErrClosed)) // which would say that it did not run
}

// TestSendGoesElsewhere: what comes back unserved goes to another instance, and has one receipt.
func TestSendGoesElsewhere(t *testing.T) {
	t.Parallel()
	for _, outcome := range []wire.Outcome{wire.OutcomeOverloaded, wire.OutcomeDraining} {
		t.Run(outcome.String(), func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			addr := servicetest.Addr()
			c, got := sender(t, addr)
			full := fakeInstance(t, c, addr, 8)
			send(t, c)
			m := next[*wire.Request](full)
			is.Equal(m.Flags, wire.FlagSent)
			newServer(t, echo, addr)
			await(t, "the other is there", func() bool { return c.Instances(svc) == 2 })
			full.refuse(m.ID, outcome, "for a reason")
			is.Equal(got.only(t, c).Answer.Code(), 200) // the other one did it
		})
	}
}

// TestSendRefusedByAll: the receipt says so.
func TestSendRefusedByAll(t *testing.T) {
	t.Parallel()
	for outcome, status := range map[wire.Outcome]int{
		wire.OutcomeOverloaded: 503, wire.OutcomeForbidden: 403, wire.OutcomeExpired: 504,
	} {
		t.Run(outcome.String(), func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			addr := servicetest.Addr()
			c, got := sender(t, addr)
			f := fakeInstance(t, c, addr, 8)
			send(t, c)
			f.refuse(next[*wire.Request](f).ID, outcome, "for a reason")
			r := got.only(t, c)
			is.Equal(r.Answer.Status, status)
			is.True(errors.Is(r.Answer.Err, service.ErrRejected))
			f.noMore(is) // it was not asked again
		})
	}
}

// TestResponseHandlersOfSends: what they do wrong hurts nobody.
func TestResponseHandlersOfSends(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var log journal
	left := make(chan context.Context, 1)
	var mux handler.Mux
	mux.Handle("/panic", handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) { panic("boom") }))
	mux.Handle("/error", handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) {
		return nil, errors.New("a reason for the log")
	}))
	mux.Handle("/context", handler.Func(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
		left <- ctx
		return &handler.Response{}, ctx.Err()
	}))
	addr := servicetest.Addr()
	c := newClient(t, addr, service.WithResponses(&mux), service.WithLogger(log.logger()))
	newServer(t, echo, addr)
	ready(t, c)

	type key struct{}
	web, leave := context.WithCancel(context.WithValue(t.Context(), key{}, "chi's routing context"))
	for _, path := range []string{"/panic", "/error", "/nobody", "/context"} {
		_, err := c.Send(web, svc, &handler.Request{Path: path})
		is.NoErr(err)
	}
	leave() // the page returns
	ctx := recv(t, left, "the context of a response handler")
	is.True(ctx.Value(key{}) == nil) // it is not the web request's
	_, limited := ctx.Deadline()
	is.True(limited)                  // it has a limit of its own
	is.NoErr(c.Shutdown(t.Context())) // all of them are settled
	is.Equal(c.Leftovers(), nil)
	is.True(strings.Contains(log.String(), "boom"))
	is.True(strings.Contains(log.String(), "a reason for the log"))
	is.True(!strings.Contains(log.String(), "/nobody")) // an unhandled answer is none of its business
}
