package service_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/service"
	"quartet/service/servicetest"
)

// TestRelayWithoutClient: the caller learns that the service is to blame, the log of the service what to do.
func TestRelayWithoutClient(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var log journal
	addr := servicetest.Addr()
	c, got := sender(t, addr)
	serve(t, c, svc, forwards(beyond, "/there"), addr, service.WithLogger(log.logger()))
	const reason = "the service forwards to one that its app does not hold"
	refusedWith(is, recv(t, ask(t.Context(), c, "/"), "the answer"), reason)
	await(t, "the log says why", func() bool { return strings.Contains(log.String(), "WithClient") })
	is.True(strings.Contains(log.String(), beyond)) // and where to
	send(t, c)
	receipt := got.only(t, c)
	is.Equal(receipt.Answer.Status, 502)
	is.Equal(receipt.Answer.Reason, reason)
}

// TestRelayClientWithoutTheService: so do those of an instance whose client does not know either.
func TestRelayClientWithoutTheService(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	addr := servicetest.Addr()
	c, got := sender(t, addr)
	knowsNobody := service.NewClient()
	serve(t, c, svc, forwards(beyond, "/there"), addr, service.WithClient(knowsNobody))
	const reason = "the service forwards to one that neither its app nor itself holds"
	refusedWith(is, recv(t, ask(t.Context(), c, "/"), "the answer"), reason)
	send(t, c)
	is.Equal(got.only(t, c).Answer.Reason, reason)
}

// callerFunc is a Caller of the test.
type callerFunc func(context.Context, string, *handler.Request) (*service.Reply, error)

func (f callerFunc) Call(ctx context.Context, name string, r *handler.Request, _ ...service.CallOption) (*service.Reply, error) {
	return f(ctx, name, r)
}

func (f callerFunc) Send(context.Context, string, *handler.Request, ...service.CallOption) (string, error) {
	return "", errors.New("a relay waits for the answer")
}

// TestRelayByAnyCaller: whatever that does, the one who asked has an answer, and the service lives on.
func TestRelayByAnyCaller(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var mux handler.Mux
	mux.Handle("/{how}", forwards(beyond, ""))
	var log journal
	c, s := pair(t, &mux, service.WithConcurrency(1), service.WithLogger(log.logger()), service.WithClient(callerFunc(
		func(ctx context.Context, name string, r *handler.Request) (*service.Reply, error) {
			if name != beyond {
				return nil, errors.New("not " + name)
			}
			if t, ok := handler.TrailFrom(ctx); !ok || t.Hops != 1 {
				return nil, errors.New("it does not belong to the request")
			}
			switch r.Path {
			case "/panic":
				panic("boom")
			case "/nothing":
				return nil, nil
			case "/empty":
				return &service.Reply{}, nil
			case "/busy":
				return nil, &handler.Error{Status: 503, Reason: "busy", Err: service.ErrRejected}
			case "/hidden":
				return nil, errors.New("a reason for the log")
			}
			return &service.Reply{Response: &handler.Response{Status: 404, Reason: "nobody"}}, nil
		})))
	for path, want := range map[string]struct {
		status int
		reason string
	}{
		"/panic": {500, "internal error"}, "/nothing": {500, "internal error"}, "/empty": {500, "internal error"},
		"/hidden": {500, "internal error"}, "/busy": {503, "busy"}, "/else": {404, "nobody"},
	} {
		r := recv(t, ask(t.Context(), c, path), "the answer")
		is.NoErr(r.err)
		is.Equal(r.Code(), want.status)
		is.Equal(r.Reason, want.reason)
	}
	await(t, "nothing is left", func() bool { return len(c.Leftovers())+len(s.Leftovers()) == 0 })
	is.True(strings.Contains(log.String(), "boom"))
	is.True(strings.Contains(log.String(), "a reason for the log"))
}

// TestRelaysInARow: the app stays the one who asks, and all who passed it on are known.
func TestRelaysInARow(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	last := make(arrivals, 1)
	first := make(chan string, 1)
	w := newWay(t, true, servicetest.Addr(), handler.Func(func(_ context.Context, r *handler.Request) (*handler.Response, error) {
		first <- r.From()
		return handler.Forward(beyond, "/two"), nil
	}), forwards("third", "/three"))
	addr := servicetest.Addr()
	hold(t, w.asks, "third", addr) // so the relay is an app whose calls are forwarded
	serve(t, w.asks, "third", forwards("fourth", "/four"), addr, service.WithClient(relayTo(t, "fourth", last)))
	reply, err := w.app.Call(t.Context(), svc, &handler.Request{Path: "/one"})
	is.NoErr(err)
	is.Equal(reply.Code(), 201)
	got := recv(t, last, "the last")
	is.Equal(got.Path, "/four")
	is.Equal(got.From(), recv(t, first, "the first"))
	is.Equal(got.Trail(), handler.Trail{Callers: []string{"app", "relay", "relay of fourth"}, Hops: 4})
	w.rest(t)
}

// relayTo is a client that holds one service, with one instance.
func relayTo(t testing.TB, name string, h handler.Handler) *service.Client {
	t.Helper()
	addr := servicetest.Addr()
	c := servicetest.NewClient(t, name, addr, service.WithName("relay of "+name))
	serve(t, c, name, h, addr)
	return c
}

// TestForwardBusy: what went on by the app costs the service nothing any more; a relay is busy until the answer.
func TestForwardBusy(t *testing.T) {
	t.Parallel()
	inBothWays(t, func(t *testing.T, relay bool) {
		is := is.New(t)
		g := newGate()
		defer g.Open()
		w := newWay(t, relay, servicetest.Addr(), forwards(beyond, ""), g)
		done := ask(t.Context(), w.app, "/")
		recv(t, g.entered, "it is there")
		is.Equal(w.first.Stats().Running == 1, relay)
		is.Equal(len(w.first.Leftovers()) > 0, relay)
		g.Open()
		is.NoErr(recv(t, done, "the answer").err)
		w.rest(t)
	})
}

// TestForwardedAnswerTooLarge for the service that relays it.
func TestForwardedAnswerTooLarge(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	c, s := pair(t, forwards(beyond, ""), service.WithMaxBody(10), service.WithClient(relayTo(t, beyond, echo)))
	r, err := c.Call(t.Context(), svc, &handler.Request{Path: "/", Body: make([]byte, 10)})
	is.NoErr(err)
	is.Equal(r.Code(), 200)
	c2, _ := pair(t, forwards(beyond, ""), service.WithMaxBody(10), service.WithClient(relayTo(t, beyond, handler.Func(
		func(context.Context, *handler.Request) (*handler.Response, error) {
			return &handler.Response{Body: make([]byte, 11)}, nil
		}))))
	refusedWith(is, recv(t, ask(t.Context(), c2, "/"), "the answer"), "the response is too large")
	await(t, "nothing is left", func() bool { return len(c.Leftovers())+len(s.Leftovers()) == 0 })
}
