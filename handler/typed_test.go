package handler_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"quartet/handler"
)

type paging struct {
	Skip uint16 `arg:"skip"`
}

type level string

type query struct {
	paging
	ID    int64         `param:"id" json:"id"`
	Name  level         `arg:"name" json:"name"`
	Small int8          `arg:"small"`
	Ratio float32       `arg:"ratio"`
	Deep  bool          `arg:"deep"`
	Since time.Duration `arg:"since"`
	Addr  netip.Addr    `arg:"addr"`
	Limit *int          `arg:"limit"`
	Words []string      `json:"words"`
}

func typed(t *testing.T, r *handler.Request) (got query, err error) {
	t.Helper()
	h := handler.Typed(func(_ context.Context, q query) (struct{}, error) { got = q; return struct{}{}, nil })
	_, err = h.Serve(context.Background(), r)
	return got, err
}

func TestTypedFields(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	limit := 5
	r := &handler.Request{
		Args: map[string]string{
			"name": "é", "small": "-128", "ratio": "0.5", "deep": "true", "since": "1.5s", "addr": "::1", "limit": "5", "skip": "7",
		},
		Body: packed(t, map[string]any{"id": 9, "name": "body", "words": []string{"a", "b"}}),
	}
	r.SetParam("id", "-12")
	got, err := typed(t, r)
	is.NoErr(err)
	is.Equal(got, query{
		paging: paging{Skip: 7}, ID: -12, Name: "é", Small: -128, Ratio: 0.5, Deep: true, Since: 1500 * time.Millisecond,
		Addr: netip.MustParseAddr("::1"), Limit: &limit, Words: []string{"a", "b"},
	}) // body first, then parameters and arguments
}

func TestTypedMissingFields(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	got, err := typed(t, &handler.Request{Body: packed(t, map[string]any{"id": 9, "name": "body"})})
	is.NoErr(err)
	is.Equal(got.ID, int64(0))        // no body sets what belongs to the path
	is.Equal(got.Name, level("body")) // an argument that is missing leaves the body's value
	is.Equal(got.Limit, nil)          // a pointer tells that it is missing
	got, err = typed(t, &handler.Request{})
	is.NoErr(err)
	is.Equal(got, query{}) // no body at all is fine
}

func TestTypedBadInput(t *testing.T) {
	t.Parallel()
	json := map[string][]string{"content-type": {"application/json"}}
	tests := []struct {
		name   string
		r      handler.Request
		status int
		reason string
	}{
		{"a word for a number", handler.Request{Args: map[string]string{"small": "x"}}, 400, `arg "small" must be a whole number of 8 bits`},
		{"a number too big by one", handler.Request{Args: map[string]string{"small": "128"}}, 400, `arg "small" must be a whole number of 8 bits`},
		{"an empty number", handler.Request{Args: map[string]string{"small": ""}}, 400, `arg "small" must be a whole number of 8 bits`},
		{"a sign", handler.Request{Args: map[string]string{"skip": "-1"}}, 400, `arg "skip" must be a whole number of 16 bits without a sign`},
		{"not a float", handler.Request{Args: map[string]string{"ratio": "1,5"}}, 400, `arg "ratio" must be a number`},
		{"not a bool", handler.Request{Args: map[string]string{"deep": "yes"}}, 400, `arg "deep" must be true or false`},
		{"a duration without a unit", handler.Request{Args: map[string]string{"since": "5"}}, 400, `arg "since" must be a duration such as "1.5s"`},
		{"text that does not unmarshal", handler.Request{Args: map[string]string{"addr": "::x"}}, 400, `arg "addr" must be well-formed`},
		{"a bad value behind a pointer", handler.Request{Args: map[string]string{"limit": "x"}}, 400, fmt.Sprintf(`arg "limit" must be a whole number of %d bits`, 32<<(^uint(0)>>63))},
		{"a body that is none", handler.Request{Body: []byte{0xc1}}, 400, "body: it cannot be decoded"},
		{"a body of another type", handler.Request{Header: json, Body: []byte(`{"words":7}`)}, 400, `body: field "words" cannot be a number`},
		{"an unknown content-type", handler.Request{Header: map[string][]string{"content-type": {"image/png"}}, Body: []byte("x")}, 415, "body: content-type is not supported"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			_, err := typed(t, &tt.r)
			var e *handler.Error
			is.True(errors.As(err, &e))
			is.Equal(e.Status, tt.status)
			is.Equal(e.Reason, tt.reason) // names the field, not the type
		})
	}
	is := is.New(t)
	r := &handler.Request{}
	r.SetParam("id", "x")
	_, err := typed(t, r)
	is.Equal(handler.ErrorResponse(err).Reason, `param "id" must be a whole number of 64 bits`)
}

func TestTypedEncoding(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, contentType string
		accept            []string
		json              bool
	}{
		{"no wish", "", nil, false},
		{"asked in json", "application/json", nil, true},
		{"asked in json, any answer is fine", "application/json", []string{"*/*"}, true},
		{"json is accepted", "", []string{"text/html, application/json;q=0.9"}, true},
		{"json in a second header", "", []string{"text/html", "application/problem+json"}, true},
		{"json is refused", "application/json", []string{"application/json;q=0, application/msgpack"}, false},
		{"msgpack is named first", "application/json", []string{"application/msgpack, application/json"}, false},
		{"nearly json", "", []string{"application/jsonp"}, false},
		{"nonsense", "", []string{";;,,"}, false},
	}
	h := handler.Typed(func(_ context.Context, in point) (point, error) { return in, nil })
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			r := &handler.Request{Header: map[string][]string{"accept": tt.accept}, Body: packed(t, point{X: 3})}
			if tt.contentType != "" {
				r.SetHeader("content-type", tt.contentType)
				r.Body = []byte(`{"x":3}`)
			}
			resp, err := h.Serve(context.Background(), r)
			is.NoErr(err)
			is.Equal(resp.HeaderValue("content-type") == "application/json", tt.json) // as the request asks
			var got point
			is.NoErr(resp.Bind(&got))
			is.Equal(got, point{X: 3})
		})
	}
}

func TestTypedShapes(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	ctx := context.Background()

	type input struct {
		ID string `param:"id"`
	}
	pointer := handler.Typed(func(_ context.Context, in *input) (string, error) { return in.ID, nil })
	for _, body := range [][]byte{nil, packed(t, nil), packed(t, map[string]any{})} {
		r := &handler.Request{Body: body}
		r.SetParam("id", "7")
		resp, err := pointer.Serve(ctx, r)
		is.NoErr(err)
		var got string
		is.NoErr(resp.Bind(&got))
		is.Equal(got, "7") // a pointer is never nil, whatever the body says
	}

	list := handler.Typed(func(_ context.Context, in []int) (int, error) { return len(in), nil })
	resp, err := list.Serve(ctx, &handler.Request{Body: packed(t, []int{1, 2})})
	is.NoErr(err)
	var n int
	is.NoErr(resp.Bind(&n))
	is.Equal(n, 2) // In need not be a struct

	own := handler.Typed(func(ctx context.Context, _ struct{}) (*handler.Response, error) {
		return &handler.Response{Status: 201, Reason: handler.FromContext(ctx).Path}, nil
	})
	resp, err = own.Serve(ctx, &handler.Request{Path: "/a"})
	is.NoErr(err)
	is.Equal(resp.Status, 201)  // a Response passes through
	is.Equal(resp.Reason, "/a") // and f has the Request, even without Run

	none := handler.Typed(func(context.Context, struct{}) (*handler.Response, error) { return nil, nil })
	_, err = handler.Run(ctx, none, &handler.Request{})
	is.True(errors.Is(err, handler.ErrNoResponse)) // also when it is nil

	bad := handler.Typed(func(context.Context, struct{}) (any, error) { return make(chan int), nil })
	_, err = bad.Serve(ctx, &handler.Request{})
	is.Equal(handler.StatusOf(err), 500) // what cannot be encoded is the handler's fault
	fails := handler.Typed(func(context.Context, struct{}) (int, error) { return 1, errSecret })
	_, err = fails.Serve(ctx, &handler.Request{})
	is.True(errors.Is(err, errSecret)) // an error stays as it is
}

func TestTypedResponseHandler(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	calls := 0
	h := handler.Typed(func(_ context.Context, in point) (int, error) { calls++; return in.X, nil })
	serve := func(answer *handler.Response) (got int, err error) {
		resp, err := h.Serve(context.Background(), &handler.Request{Body: packed(t, point{X: 1}), Answer: answer})
		if err != nil {
			return 0, err
		}
		err = resp.Bind(&got)
		return got, err
	}
	answer, err := handler.Value(point{X: 2})
	is.NoErr(err)
	got, err := serve(answer)
	is.NoErr(err)
	is.Equal(got, 2) // In is the answer, not what was asked
	_, err = serve(&handler.Response{Status: 404, Reason: "no report"})
	is.Equal(handler.StatusOf(err), 404) // an error is no In
	_, err = serve(&handler.Response{Status: 502, Err: errSecret})
	is.True(errors.Is(err, errSecret)) // nor is a loss
	_, err = serve(&handler.Response{Body: []byte{0xc1}})
	is.Equal(handler.StatusOf(err), 502) // the answer is to blame, not the one who asked
	is.Equal(calls, 1)
}

func TestTypedPanicsAtRegistration(t *testing.T) {
	t.Parallel()
	type pointee struct {
		X int `arg:"x"`
	}
	type Pointee = pointee
	for name, tt := range map[string]struct {
		do   func()
		want string
	}{
		"nil": {func() { handler.Typed[int, int](nil) }, "nil func"},
		"an unsupported type": {func() {
			handler.Typed(in[struct {
				X []string `arg:"x"`
			}])
		}, "[]string cannot be read from text"},
		"a struct as an arg": {func() {
			handler.Typed(in[struct {
				X point `arg:"x"`
			}])
		}, "handler_test.point cannot be read from text"},
		"a map behind a pointer": {func() {
			handler.Typed(in[*struct {
				X *map[string]int `param:"x"`
			}])
		}, "*map[string]int cannot be read from text"},
		"an unexported field": {func() {
			handler.Typed(in[struct {
				x int `arg:"x"`
			}])
		}, "cannot be set"},
		"an embedded pointer": {func() { handler.Typed(in[struct{ *Pointee }]) }, "cannot be set"},
		"an empty name": {func() {
			handler.Typed(in[struct {
				X int `arg:""`
			}])
		}, `"" is a bad arg name`},
		"options in a tag": {func() {
			handler.Typed(in[struct {
				X int `param:"x,omitempty"`
			}])
		}, `"x,omitempty" is a bad param name`},
		"two tags": {func() {
			handler.Typed(in[struct {
				X int `param:"x" arg:"x"`
			}])
		}, "has both a param and an arg"},
		"a func for In":     {func() { handler.Typed(in[func()]) }, "func() cannot travel"},
		"a channel for Out": {func() { handler.Typed(func(context.Context, int) (chan int, error) { return nil, nil }) }, "chan int cannot travel"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			got := panicOf(t, tt.do)
			is.True(strings.HasPrefix(got, "handler: Typed: "))
			if !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want %q in it", got, tt.want)
			}
		})
	}
}

func in[In any](context.Context, In) (int, error) { return 0, nil }
