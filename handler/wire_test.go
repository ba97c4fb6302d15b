package handler_test

import (
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/transport/wire"
)

func TestFromWire(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	w := &wire.Request{
		Path: "/a", Method: "get", From: "app", Left: time.Second,
		Header: map[string][]string{"h": {"1"}}, Args: map[string]string{"a": "1"}, Body: []byte("b"),
	}
	from := handler.FromWire(w, &handler.Arrival{})
	r := &from
	is.Equal(r.From(), "app")                                                                                    // who asks is known
	is.Equal(r.Answer, nil)                                                                                      // it is no answer
	is.Equal(r.ToWire(), &wire.Request{Path: "/a", Method: "get", Header: w.Header, Args: w.Args, Body: w.Body}) // but who sends it on is another
	is.Equal((&handler.Request{Path: "/a"}).ToWire().Method, "request")                                          // the METHOD on the wire is never empty
}

func TestResponseWire(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	w := (&handler.Response{Err: errSecret}).ToWire()
	is.Equal(w, &wire.Response{Method: "response", Status: 200}) // defaults are filled in, Err stays here

	r := &handler.Response{Status: 404, Reason: "why", Method: "other", Header: map[string][]string{"h": {"1"}}, Body: []byte("b")}
	is.Equal(handler.ResponseFromWire(r.ToWire()), r) // there and back

	w = (&handler.Response{Status: 7, Reason: "x", Body: []byte("b")}).ToWire()
	is.Equal(w, &wire.Response{Method: "response", Status: 500, Reason: "internal error"}) // a status that is none
	w = (&handler.Response{Reason: "a\nb" + strings.Repeat("c", wire.MaxReason)}).ToWire()
	is.True(wire.ValidReason(w.Reason)) // a reason that could not travel is cut
}

func TestRoutesWire(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	routes := []handler.Route{{Method: "*", Pattern: "/a"}, {Method: "get", Pattern: "/b"}}
	is.Equal(handler.RoutesFromWire(handler.RoutesToWire(routes)), routes)
	is.True(handler.RoutesToWire(nil) == nil && handler.RoutesFromWire(nil) == nil) // not told stays not told
	none := handler.RoutesToWire([]handler.Route{})
	is.True(none != nil && handler.RoutesFromWire(none) != nil) // no routes stay no routes
}
