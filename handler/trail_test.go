package handler_test

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/transport/wire"
)

const (
	traceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	traceState  = "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7"
)

// whole is a Trail that has everything.
var whole = handler.Trail{
	RequestID: "r-1", TraceParent: traceParent, TraceState: traceState, Callers: []string{"page", "shop"}, Hops: 2,
}

// arrived is a request that came from a process called mail, after so many hops.
func arrived(hops uint8, header map[string][]string) *handler.Request {
	r := handler.FromWire(&wire.Request{ID: wire.ID{1}, Path: "/", Hops: hops, Header: header}, &handler.Arrival{Caller: "mail"})
	return &r
}

func TestTrailFrom(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	_, ok := handler.TrailFrom(t.Context())
	is.True(!ok) // outside of both
	page := handler.WithTrail(t.Context(), whole)
	got, ok := handler.TrailFrom(page)
	is.True(ok)
	is.Equal(got, whole)

	served := handler.NewContext(page, arrived(4, nil))
	got, ok = handler.TrailFrom(served)
	is.True(ok)
	is.Equal(got, handler.Trail{Callers: []string{"mail"}, Hops: 5}) // whichever was set last
	type key struct{}
	got, _ = handler.TrailFrom(handler.WithTrail(context.WithValue(served, key{}, 1), whole))
	is.Equal(got, whole)

	_, err := handler.Run(page, handler.Func(func(ctx context.Context, r *handler.Request) (*handler.Response, error) {
		got, ok = handler.TrailFrom(ctx)
		return handler.Text(""), nil
	}), arrived(0, nil))
	is.NoErr(err)
	is.True(ok)
	is.Equal(got.Hops, 1) // Run sets it for every handler
	got, _ = handler.TrailFrom(handler.NewContext(page, nil))
	is.Equal(got, whole) // no request, so what was there counts
	_, ok = handler.TrailFrom(handler.NewContext(t.Context(), nil))
	is.True(!ok) // where nothing was there
	got, _ = handler.TrailFrom(handler.NewContext(page, &handler.Request{Path: "/"}))
	is.Equal(got, whole) // a request that is served where it was made belongs to the page
	got, ok = handler.TrailFrom(handler.NewContext(t.Context(), &handler.Request{Path: "/"}))
	is.True(ok)
	is.Equal(got, handler.Trail{Hops: 1}) // or begins here
}

// TestTrailOfRequest: what a client made of a Trail is what the next one reads.
func TestTrailOfRequest(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	is.Equal((&handler.Request{}).Trail(), handler.Trail{Hops: 1}) // of a request that has none
	r := arrived(2, whole.Apply(nil))
	want := whole
	want.Callers, want.Hops = []string{"page", "shop", "mail"}, 3 // and who sent it
	is.Equal(r.Trail(), want)
	is.Equal(len(r.Header["quartet-callers"]), 2) // the request is as it was
}

// TestTrailOfAnswer: a response handler carries on from the request that was answered, whatever the answer says.
func TestTrailOfAnswer(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	asked := &wire.Request{Path: "/", Hops: 2, Header: whole.Apply(nil)}
	r := handler.ForAnswer(asked, &handler.Response{Header: map[string][]string{
		"quartet-request-id": {"other"}, "quartet-callers": {"liar"}, "traceparent": {strings.Replace(traceParent, "0a", "ff", 1)},
	}})
	want := whole
	want.Hops = 3
	is.Equal(r.Trail(), want)
}

// TestApply: fields that the header has stay as they are, and so does the map.
func TestApply(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	all := map[string][]string{
		"quartet-request-id": {"r-1"}, "quartet-callers": {"page", "shop"}, "traceparent": {traceParent}, "tracestate": {traceState},
	}
	is.Equal(whole.Apply(nil), all)
	is.Equal(handler.Trail{Hops: 3}.Apply(nil), nil) // nothing to say

	own := map[string][]string{"quartet-request-id": {"mine"}, "traceparent": {"mine"}, "x": {"1"}}
	got := whole.Apply(own)
	is.Equal(got, map[string][]string{
		"quartet-request-id": {"mine"}, "traceparent": {"mine"}, "x": {"1"}, // what is explicit wins, with no state of another trace
		"quartet-callers": {"page", "shop"},
	})
	is.Equal(len(own), 3) // a map of others is not written to
	same := handler.Trail{RequestID: "r-1"}.Apply(own)
	same["y"] = nil
	is.Equal(len(own), 4) // and not copied in vain

	stale := map[string][]string{"quartet-callers": {"page"}}
	is.Equal(whole.Apply(stale)["quartet-callers"], whole.Callers) // a header that is passed on does not know them all
	is.Equal(handler.Trail{}.Apply(stale), stale)
}

// hostile are Trails that no process should pass on as they are, and what is left of them.
var hostile = map[string]struct{ said, want handler.Trail }{
	"1 MiB request id":          {handler.Trail{RequestID: strings.Repeat("a", 1<<20)}, handler.Trail{}},
	"line feed":                 {handler.Trail{RequestID: "a\nb"}, handler.Trail{}},
	"escape":                    {handler.Trail{RequestID: "a\x1b[2J"}, handler.Trail{}},
	"C1":                        {handler.Trail{RequestID: "a\u009b2J"}, handler.Trail{}},
	"bidi":                      {handler.Trail{RequestID: "a\u202eb"}, handler.Trail{}},
	"no UTF-8":                  {handler.Trail{RequestID: "a\xff"}, handler.Trail{}},
	"traceparent":               {handler.Trail{TraceParent: traceParent + "\r\n", TraceState: traceState}, handler.Trail{}},
	"state without parent":      {handler.Trail{TraceState: traceState}, handler.Trail{}},
	"long tracestate":           {handler.Trail{TraceParent: traceParent, TraceState: strings.Repeat("a", 513)}, handler.Trail{TraceParent: traceParent}},
	"control byte in the state": {handler.Trail{TraceParent: traceParent, TraceState: "a=\x1b"}, handler.Trail{TraceParent: traceParent}},
	"no ASCII in the state":     {handler.Trail{TraceParent: traceParent, TraceState: "a=\u0085"}, handler.Trail{TraceParent: traceParent}},
	"callers": {
		handler.Trail{Callers: []string{"a", "", "b\r\nc", strings.Repeat("d", wire.MaxName+1), "\x1b[2J", "e\u009b", "\xff", "f"}},
		handler.Trail{Callers: []string{"a", "f"}},
	},
	"1000 callers":      {handler.Trail{Callers: slices.Repeat([]string{"a"}, 1000)}, handler.Trail{Callers: slices.Repeat([]string{"a"}, 9)}},
	"hops that are not": {handler.Trail{RequestID: "a", Hops: -1}, handler.Trail{RequestID: "a"}},
}

// TestHostileTrail: what is not valid is left out, wherever it comes in.
func TestHostileTrail(t *testing.T) {
	t.Parallel()
	for name, e := range hostile {
		t.Run(name, func(t *testing.T) {
			is := is.New(t)
			got, _ := handler.TrailFrom(handler.WithTrail(t.Context(), e.said)) // a page
			is.Equal(got, e.want)
			header := e.said.Apply(nil) // a client
			is.NoErr(wire.Check(&wire.Request{Path: "/", Method: "get", Header: header}))
			is.Equal(header, e.want.Apply(nil))

			raw := map[string][]string{ // a service that is asked by who knows whom
				"quartet-request-id": {e.said.RequestID}, "traceparent": {e.said.TraceParent},
				"tracestate": {e.said.TraceState}, "quartet-callers": e.said.Callers,
			}
			want := e.want
			want.Hops = 1
			want.Callers = append(slices.Clip(want.Callers[:min(len(want.Callers), handler.MaxHops)]), "mail")
			is.Equal(arrived(0, raw).Trail(), want)
		})
	}
}

// TestApplyLeavesRoom: a header that is as large as it may be does not become too large.
func TestApplyLeavesRoom(t *testing.T) {
	t.Parallel()
	full := map[string][]string{}
	for n := range wire.MaxHeaderNames {
		full["x"+strconv.Itoa(n)] = []string{"1"}
	}
	less := maps.Clone(full)
	delete(less, "x0")
	for name, header := range map[string]map[string][]string{
		"names": full, "one name": less, "values": {"x": slices.Repeat([]string{"1"}, wire.MaxHeaderValues)},
		"one value": {"x": slices.Repeat([]string{"1"}, wire.MaxHeaderValues-1)},
	} {
		t.Run(name, func(t *testing.T) {
			is := is.New(t)
			got := whole.Apply(header)
			is.NoErr(wire.Check(&wire.Request{Path: "/", Method: "get", Header: got}))
			_, has := got["quartet-request-id"]
			is.Equal(has, strings.HasPrefix(name, "one")) // as much as there is room for
		})
	}
}

func TestValidRequestID(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	for _, good := range []string{"a", "0", "A.b_c:d-9", strings.Repeat("x", 128)} {
		is.True(handler.ValidRequestID(good))
	}
	for _, bad := range []string{"", " ", "a b", "a/b", "ä", "a\n", "a\x00", "\x7f", strings.Repeat("x", 129), "a\u202e"} {
		is.True(!handler.ValidRequestID(bad))
	}
}

func TestValidTraceParent(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	is.True(handler.ValidTraceParent(traceParent))
	for _, bad := range []string{
		"", traceParent[1:], traceParent + "-00", strings.ToUpper(traceParent),
		strings.Replace(traceParent, "00-", "01-", 1), strings.Replace(traceParent, "00-", "ff-", 1), // other versions
		"00-" + strings.Repeat("0", 32) + traceParent[35:],                  // no trace
		traceParent[:36] + strings.Repeat("0", 16) + "-01",                  // no parent
		strings.Replace(traceParent, "-b", "_b", 1), traceParent[:54] + "g", // not in the grammar
		strings.Replace(traceParent, "0a", "0 ", 1), traceParent[:53] + "\n1",
	} {
		is.True(!handler.ValidTraceParent(bad))
	}
}
