package service_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/service"
	"quartet/service/servicetest"
	"quartet/transport"
	"quartet/transport/wire"
)

const (
	traceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	traceState  = "congo=t61rcWkgMzE"
)

// pageTrail is what a page begins with.
var pageTrail = handler.Trail{RequestID: "event-1", TraceParent: traceParent, TraceState: traceState}

// trails is a handler that keeps what it finds in its context, as what it calls would.
type trails chan handler.Trail

func (c trails) Serve(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
	t, _ := handler.TrailFrom(ctx)
	c <- t
	return &handler.Response{}, nil
}

// row is an app and three services in a row, each of which calls the next with the context of its handler.
func row(t testing.TB, o ...service.ClientOption) (app *service.Client, end trails) {
	t.Helper()
	end = make(trails, 8)
	var h handler.Handler = end
	for _, name := range []string{"two", "one"} { // the clients that ask the last and the one before
		addr := servicetest.Addr()
		c := servicetest.NewClient(t, svc, addr, service.WithName(name))
		serve(t, c, svc, h, addr)
		h = handler.Func(func(ctx context.Context, r *handler.Request) (*handler.Response, error) {
			reply, err := c.Call(ctx, svc, &handler.Request{Path: r.Path})
			if err != nil {
				return nil, err
			}
			return reply.Response, nil
		})
	}
	addr := servicetest.Addr()
	app = newClient(t, addr, append([]service.ClientOption{service.WithName("app")}, o...)...)
	serve(t, app, svc, h, addr)
	return app, end
}

func wellAnswered(is *is.I, reply *service.Reply, err error) {
	is.Helper()
	is.NoErr(err)
	is.NoErr(reply.AsError())
}

// TestTrailThroughCalls: what a page begins with, who asked in between, and how far it went.
func TestTrailThroughCalls(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	app, end := row(t)
	reply, err := app.Call(handler.WithTrail(t.Context(), pageTrail), svc, &handler.Request{Path: "/"})
	wellAnswered(is, reply, err)
	want := pageTrail
	want.Callers, want.Hops = []string{"app", "one", "two"}, 3
	is.Equal(recv(t, end, "the last"), want)

	reply, err = app.Call(t.Context(), svc, &handler.Request{Path: "/"})
	wellAnswered(is, reply, err)
	is.Equal(recv(t, end, "the last"), handler.Trail{Callers: want.Callers, Hops: 3}) // without a page's it begins in the first service

	reply, err = app.Call(t.Context(), svc, &handler.Request{Path: "/", Header: pageTrail.Apply(nil)})
	wellAnswered(is, reply, err)
	is.Equal(recv(t, end, "the last"), want) // or with what the request says

	_, err = app.Send(handler.WithTrail(t.Context(), pageTrail), svc, &handler.Request{Path: "/"})
	is.NoErr(err)
	is.Equal(recv(t, end, "the last"), want) // a Send has it, too
}

// TestExplicitHeaderWins over what the context says, and is not written to.
func TestExplicitHeaderWins(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	app, end := row(t)
	own := map[string][]string{"quartet-request-id": {"mine"}, "traceparent": {strings.Replace(traceParent, "0a", "0b", 1)}}
	reply, err := app.Call(handler.WithTrail(t.Context(), pageTrail), svc, &handler.Request{Path: "/", Header: own})
	wellAnswered(is, reply, err)
	got := recv(t, end, "the last")
	is.Equal(got.RequestID, "mine")
	is.Equal(got.TraceParent, own["traceparent"][0])
	is.Equal(got.TraceState, "") // that belongs to the other trace
	is.Equal(len(own), 2)
}

// TestTrailOfResponseHandlers: what they ask belongs to the request that was answered.
func TestTrailOfResponseHandlers(t *testing.T) {
	t.Parallel()
	inBothWays(t, func(t *testing.T, relay bool) {
		is := is.New(t)
		end := make(trails, 2)
		notes := relayTo(t, "notes", end)
		then := handler.Func(func(ctx context.Context, r *handler.Request) (*handler.Response, error) {
			reply, err := notes.Call(ctx, "notes", &handler.Request{Path: r.Path})
			if err != nil {
				return nil, err
			}
			return reply.Response, nil
		})
		w := newWay(t, relay, servicetest.Addr(), forwards(beyond, "/there"), echo, service.WithResponses(then))
		page := handler.WithTrail(t.Context(), pageTrail)
		want := pageTrail
		want.Callers, want.Hops = []string{"relay of notes"}, 2 // after the one that was asked
		reply, err := w.app.Call(page, svc, &handler.Request{Path: "/"})
		wellAnswered(is, reply, err)
		is.NoErr(reply.MadeErr)
		is.Equal(recv(t, end, "the response handler asked"), want)
		_, err = w.app.Send(page, svc, &handler.Request{Path: "/"})
		is.NoErr(err)
		is.Equal(recv(t, end, "the response handler asked"), want)
	})
}

// TestTrailOfForwards: an app that follows is one caller, a relay another one.
func TestTrailOfForwards(t *testing.T) {
	t.Parallel()
	inBothWays(t, func(t *testing.T, relay bool) {
		is := is.New(t)
		end := make(trails, 2)
		w := newWay(t, relay, servicetest.Addr(), forwards(beyond, ""), end)
		want := pageTrail
		if want.Callers, want.Hops = []string{"app"}, 2; relay {
			want.Callers = append(want.Callers, "relay")
		}
		page := handler.WithTrail(t.Context(), pageTrail)
		reply, err := w.app.Call(page, svc, &handler.Request{Path: "/"})
		wellAnswered(is, reply, err)
		is.Equal(recv(t, end, "the last"), want)

		earlier := pageTrail // in front of the app
		earlier.Callers, earlier.Hops = []string{"front"}, 1
		want.Callers, want.Hops = slices.Insert(want.Callers, 0, "front"), 3
		reply, err = w.app.Call(handler.WithTrail(t.Context(), earlier), svc, &handler.Request{Path: "/"})
		wellAnswered(is, reply, err)
		is.Equal(recv(t, end, "the last"), want)
	})
}

// TestNoTrail: a call that belongs to nothing carries nothing.
func TestNoTrail(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	addr := servicetest.Addr()
	c := newClient(t, addr)
	f := fakeInstance(t, c, addr, 8)
	done := ask(t.Context(), c, "/")
	m := next[*wire.Request](f)
	is.Equal(len(m.Header), 0)
	is.Equal(m.Hops, uint8(0))
	f.answer(m.ID, "")
	is.NoErr(recv(t, done, "the answer").err)
	done = ask(handler.WithTrail(t.Context(), handler.Trail{RequestID: "event-1", Hops: handler.MaxHops}), c, "/")
	m = next[*wire.Request](f)
	is.Equal(m.Header, map[string][]string{"quartet-request-id": {"event-1"}})
	is.Equal(m.Hops, uint8(handler.MaxHops)) // as far as it may go
	f.answer(m.ID, "")
	is.NoErr(recv(t, done, "the answer").err)
	_, err := c.Call(handler.WithTrail(t.Context(), handler.Trail{Hops: handler.MaxHops + 1}), svc, &handler.Request{Path: "/"})
	failed(is, err, service.ErrLoop, 508)
	_, err = c.Send(handler.WithTrail(t.Context(), handler.Trail{Hops: 1 << 40}), svc, &handler.Request{Path: "/"})
	failed(is, err, service.ErrLoop, 508)
	f.noMore(is)
}

// TestHostileTrailOfAPage, as of one that takes it from a browser: no call breaks, no value goes on.
func TestHostileTrailOfAPage(t *testing.T) {
	t.Parallel()
	app, end := row(t)
	for name, hostile := range map[string]handler.Trail{
		"1 MiB":         {RequestID: strings.Repeat("a", 1<<20), TraceParent: traceParent, TraceState: strings.Repeat("a", 1<<20)},
		"control bytes": {RequestID: "a\r\nb", TraceParent: traceParent, TraceState: "\x00", Callers: []string{"\x1b[2J", "c\r\nd", "e\u009b"}},
		"no UTF-8":      {RequestID: "\xff", TraceParent: traceParent, TraceState: "\xff", Callers: []string{"\xff"}},
		"hops":          {TraceParent: traceParent, Hops: -1 << 40},
		"callers":       {TraceParent: traceParent, Callers: slices.Repeat([]string{strings.Repeat("a", 1<<10)}, 1000)},
	} {
		t.Run(name, func(t *testing.T) {
			is := is.New(t)
			reply, err := app.Call(handler.WithTrail(t.Context(), hostile), svc, &handler.Request{Path: "/"})
			wellAnswered(is, reply, err)
			is.Equal(recv(t, end, "the last"), handler.Trail{
				TraceParent: traceParent, Callers: []string{"app", "one", "two"}, Hops: 3,
			})
		})
	}
}

// TestHostileTrailOnTheWire: an app can say what it likes; what its handlers ask others goes well.
func TestHostileTrailOnTheWire(t *testing.T) {
	t.Parallel()
	end := make(trails, 1)
	c := relayTo(t, beyond, end)
	addr := servicetest.Addr()
	addr.ServiceBinds = true
	s := newServer(t, handler.Func(func(ctx context.Context, r *handler.Request) (*handler.Response, error) {
		reply, err := c.Call(ctx, beyond, &handler.Request{Path: "/", Args: map[string]string{"a": strings.Repeat("a", 55<<10)}})
		if err != nil {
			return nil, err
		}
		return reply.Response, nil
	}), addr)
	await(t, "it serves", func() bool { return len(s.Addrs()) == 1 })
	f := newFake(t, transport.App, addr, appHello())
	for name, header := range map[string]map[string][]string{
		"1000 callers":      {"quartet-callers": slices.Repeat([]string{"liar"}, 1000)},
		"large callers":     {"quartet-callers": slices.Repeat([]string{strings.Repeat("a", 7<<10)}, 8)},
		"large request id":  {"quartet-request-id": {strings.Repeat("a", 60<<10)}},
		"large trace":       {"traceparent": {traceParent}, "tracestate": {strings.Repeat("a", 60<<10)}},
		"control bytes":     {"quartet-request-id": {"\x1b[2J"}, "traceparent": {traceParent + "\t"}, "quartet-callers": {"\x1b[2J"}},
		"several and empty": {"quartet-request-id": {"", "b"}, "traceparent": {}, "quartet-callers": {"", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			is := is.New(t)
			id := wire.NewIDSource().Next()
			f.say(&wire.Request{ID: id, Path: "/", Method: "get", Left: patience, Header: header, Hops: 1})
			m := next[*wire.Response](f)
			is.Equal(m.ID, id)
			is.Equal(m.Status, 200)
			want := handler.Trail{Callers: []string{"fake", "relay of " + beyond}, Hops: 3}
			switch name {
			case "1000 callers":
				want.Callers = append(slices.Repeat([]string{"liar"}, handler.MaxHops), "relay of "+beyond)
			case "large trace":
				want.TraceParent = traceParent
			}
			is.Equal(recv(t, end, "the last"), want)
		})
	}
}
