package service_test

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/service"
	"quartet/service/servicetest"
	"quartet/transport"
	"quartet/transport/wire"
)

// TestNothingBeginsAfterClose: what waits for a handler is not begun when the server is closed.
func TestNothingBeginsAfterClose(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var begun atomic.Int64
	entered := make(chan struct{}, 1)
	c, srv := pair(t, handler.Func(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
		begun.Add(1)
		entered <- struct{}{}
		<-ctx.Done()
		return nil, ctx.Err()
	}), service.WithConcurrency(1))
	first := ask(t.Context(), c, "/a")
	recv(t, entered, "the first begins")
	var rest []<-chan result
	for range 20 {
		rest = append(rest, ask(t.Context(), c, "/a"))
	}
	await(t, "the rest waits", func() bool { return srv.Stats().Queued == 20 })
	is.NoErr(srv.Close())
	for _, r := range append(rest, first) {
		failed(is, recv(t, r, "an end").err, service.ErrLost, http.StatusBadGateway)
	}
	is.Equal(begun.Load(), int64(1)) // the one that ran
}

// TestShutdownHearsOfTheLast: with one handler at a time the work goes from job to job, and its end is heard.
func TestShutdownHearsOfTheLast(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	g := newGate()
	addr := servicetest.Addr()
	c := servicetest.NewClient(t, svc, addr)
	srv := newServer(t, g, addr, service.WithConcurrency(1))
	ready(t, c)
	for range 2 {
		_, err := c.Send(t.Context(), svc, &handler.Request{Path: "/a"})
		is.NoErr(err)
	}
	await(t, "one runs, one waits", func() bool { return srv.Stats() == service.ServerStats{Apps: 1, Running: 1, Queued: 1} })
	srv.AbortApps(errors.New("the app is gone")) // what was sent is done all the same
	done := make(chan error, 1)
	go func() { done <- srv.Shutdown(context.Background()) }()
	g.Open()
	is.NoErr(recv(t, done, "the end"))
}

// TestIdempotentCallSaysThatItMayHaveRun: once it was lost, no later outcome says that it did not run.
func TestIdempotentCallSaysThatItMayHaveRun(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	g := newGate()
	addr := servicetest.Addr()
	c := servicetest.NewClient(t, svc, addr, service.WithWait(10*time.Millisecond))
	srv := newServer(t, g, addr)
	ready(t, c)
	got := ask(t.Context(), c, "/a", service.WithIdempotent())
	await(t, "it runs", func() bool { return srv.Stats().Running == 1 })
	go srv.Close()
	err := recv(t, got, "an end").err
	failed(is, err, service.ErrLost, http.StatusBadGateway)
	is.True(!errors.Is(err, service.ErrUnavailable)) // which would say that it did not
	g.Open()
}

// TestInvokeWithMethod: the METHOD of an Invoke is what the call says.
func TestInvokeWithMethod(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	c := servicetest.New(t, svc, handler.Func(func(_ context.Context, r *handler.Request) (*handler.Response, error) {
		return handler.Value(r.Method)
	}))
	got, err := service.Invoke[string](t.Context(), c, svc, "/a", nil, service.WithMethod("get"))
	is.NoErr(err)
	is.Equal(got, "get")
	got, err = service.Invoke[string](t.Context(), c, svc, "/a", nil)
	is.NoErr(err)
	is.Equal(got, handler.MethodRequest) // the default
}

// TestServeThatFailsKeepsNobody: if one address cannot be used, nobody stays who came by another, and who asks the
// server meanwhile is answered.
func TestServeThatFailsKeepsNobody(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	good, taken := servicetest.Addr(), servicetest.Addr()
	good.ServiceBinds, taken.ServiceBinds = true, true
	first := newServer(t, newGate(), taken)
	await(t, "the first is bound", func() bool { return len(first.Addrs()) == 1 })
	var srv *service.Server
	srv = service.NewServer(svc, newGate(), service.WithHook(func(service.Event) { srv.Stats(); srv.Addrs() }))
	defer srv.Close()
	c := servicetest.NewClient(t, svc, good)
	is.True(errors.Is(srv.Serve(good, taken), transport.ErrInUse)) // the second is
	await(t, "nobody is connected", func() bool { return c.Instances(svc) == 0 && srv.Stats().Apps == 0 })
}

// TestLargeBodyIsRefusedOnReceipt: a client may have another idea of what is too large.
func TestLargeBodyIsRefusedOnReceipt(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var ran atomic.Int64
	addr := servicetest.Addr()
	c := servicetest.NewClient(t, svc, addr)
	newServer(t, handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) {
		ran.Add(1)
		return handler.Text("ran"), nil
	}), addr, service.WithMaxBody(1000))
	ready(t, c)
	reply, err := c.Call(t.Context(), svc, &handler.Request{Path: "/a", Body: make([]byte, 1001)})
	is.NoErr(err)
	is.Equal(reply.Code(), http.StatusRequestEntityTooLarge)
	is.Equal(ran.Load(), int64(0)) // it does not run
	reply, err = c.Call(t.Context(), svc, &handler.Request{Path: "/a", Body: make([]byte, 1000)})
	is.NoErr(err)
	is.Equal(reply.Text(), "ran") // the limit itself is fine
}

// TestSendsAreBoundInBytes: answers that wait for their response handlers count, too.
func TestSendsAreBoundInBytes(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	g := newGate()
	big := make([]byte, 60<<10) // too small for the budget of large frames, which other tests use up
	addr := servicetest.Addr()
	c := servicetest.NewClient(t, svc, addr, service.WithResponses(g))
	newServer(t, handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) {
		return &handler.Response{Body: big}, nil
	}), addr)
	ready(t, c)
	defer g.Open()
	deadline := time.Now().Add(patience)
	for sent := 0; ; sent++ {
		_, err := c.Send(t.Context(), svc, &handler.Request{Path: "/a"})
		if err != nil {
			failed(is, err, service.ErrRejected, http.StatusServiceUnavailable)
			is.True(sent < service.DefaultWindow+service.MaxSentBytes/len(big)) // soon
			return
		}
		is.True(time.Now().Before(deadline)) // it ends
	}
}

// TestUnregisterIsWaitedFor: Shutdown waits for a service that is being unregistered.
func TestUnregisterIsWaitedFor(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	g := newGate()
	addr := servicetest.Addr()
	answered := make(chan int, 1)
	c := service.NewClient(service.WithResponses(handler.Func(func(_ context.Context, r *handler.Request) (*handler.Response, error) {
		answered <- r.Answer.Code()
		return r.Answer, nil
	})))
	is.NoErr(c.Register(svc, []service.Addr{addr}))
	newServer(t, g, addr)
	ready(t, c)
	id, err := c.Send(t.Context(), svc, &handler.Request{Path: "/a"})
	is.NoErr(err)
	is.True(id != (wire.ID{}).String())
	go c.Unregister(context.Background(), svc)
	await(t, "it is unregistered", func() bool { return c.Addrs(svc) == nil })
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	is.True(errors.Is(c.Shutdown(ctx), context.DeadlineExceeded)) // it had something to wait for
	is.Equal(recv(t, answered, "the receipt"), http.StatusBadGateway)
	g.Open()
}
