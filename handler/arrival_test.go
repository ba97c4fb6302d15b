package handler_test

import (
	"context"
	"reflect"
	"testing"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/transport/wire"
)

// Whoever has 10,000 calls under way keeps 10,000 Requests: what only one that is served needs belongs in Arrival.
func TestRequestIsSmall(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	is.True(reflect.TypeFor[handler.Request]().Size() <= 11*reflect.TypeFor[uintptr]().Size()) // 88 bytes where a word has 8
}

// came is a request that has arrived, with everything that an Arrival knows.
func came() *handler.Request {
	r := handler.FromWire(&wire.Request{
		ID: wire.ID{1}, From: "app", Hops: 2, Path: "/1", Header: map[string][]string{"quartet-callers": {"page"}},
	}, &handler.Arrival{Caller: "front", MaxBody: 9})
	return &r
}

func TestRequestKnows(t *testing.T) {
	t.Parallel()
	const id = "01000000000000000000000000000000"
	r, made := came(), &handler.Request{Path: "/1"}
	trail := handler.Trail{Callers: []string{"page", "front"}, Hops: 3}
	for _, e := range []struct {
		name    string
		r       *handler.Request
		from    string
		id      string
		maxBody int
		trail   handler.Trail
	}{
		{"made here", made, "", "", 0, handler.Trail{Hops: 1}},
		{"its clone", made.Clone(), "", "", 0, handler.Trail{Hops: 1}},
		{"arrived", r, "app", id, 9, trail},
		{"a clone of that", r.Clone(), "app", id, 9, trail},
		{"a clone of the clone", r.Clone().Clone(), "app", id, 9, trail},
	} {
		t.Run(e.name, func(t *testing.T) {
			is := is.New(t)
			for range 2 { // the second time it has been served
				is.Equal(e.r.From(), e.from)
				is.Equal(e.r.ID(), e.id)
				is.Equal(e.r.MaxBody(), e.maxBody)
				is.Equal(e.r.Trail(), e.trail)
				resp, err := handler.Run(t.Context(), says("x"), e.r)
				is.NoErr(err)
				is.Equal(resp.Text(), "x")
			}
			is.Equal(e.r.Param("id"), "") // no route, no parameters
			is.Equal(e.r.Pattern(), "")
		})
	}
}

// Copies, by Clone or by assignment, take routes of their own and are found in contexts of their own.
func TestRequestCopies(t *testing.T) {
	t.Parallel()
	copies := map[string]func(*handler.Request) *handler.Request{
		"clone":      (*handler.Request).Clone,
		"assignment": func(r *handler.Request) *handler.Request { c := *r; return &c },
	}
	requests := map[string]func() *handler.Request{
		"made here": func() *handler.Request { return &handler.Request{Path: "/1"} },
		"arrived":   came,
	}
	for how, copied := range copies {
		for what, fresh := range requests {
			t.Run(what+" "+how, func(t *testing.T) {
				is := is.New(t)
				var seen []string
				var m handler.Mux
				m.Handle("/{id}", handler.Func(func(ctx context.Context, r *handler.Request) (*handler.Response, error) {
					is.True(handler.FromContext(ctx) == r) // the context has the one that is served
					seen = append(seen, r.Param("id"))
					if r.Path == "/1" {
						c := copied(r)
						is.Equal(c.Param("id"), "1") // what r knows, the copy knows
						is.Equal(c.Pattern(), "/{id}")
						is.Equal(c.From(), r.From())
						c.Path = "/2"
						_, err := handler.Run(ctx, &m, c)
						is.NoErr(err)
						is.Equal(c.Param("id"), "2")
						is.Equal(r.Param("id"), "1")           // the copy did not change it
						is.True(handler.FromContext(ctx) == r) // nor its context
					}
					return handler.Text(""), nil
				}))
				_, err := handler.Run(t.Context(), &m, fresh())
				is.NoErr(err)
				is.Equal(seen, []string{"1", "2"})
			})
		}
	}
}

// A handler may assign to the Request that it was given, and what is left of its context stays whole.
func TestRequestAssigned(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	type key struct{}
	var m handler.Mux
	m.Handle("/{id}", handler.Func(func(ctx context.Context, r *handler.Request) (*handler.Response, error) {
		*r = handler.Request{Path: "/other"}
		is.Equal(ctx.Value(key{}), "value")
		is.Equal(r.Param("id"), "")
		return handler.Text(""), nil
	}))
	_, err := handler.Run(context.WithValue(t.Context(), key{}, "value"), &m, came())
	is.NoErr(err)
}
