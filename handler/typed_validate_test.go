package handler_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/matryer/is"

	"quartet/handler"
)

// span has its Validate on the value, order on the pointer.
type span struct {
	From int `json:"from"`
	To   int `arg:"to"`
}

var errSpan = errors.New("to must not be below from")

func (s span) Validate() error {
	if s.To < s.From {
		return errSpan
	}
	return nil
}

type order struct {
	Count int `json:"count"`
}

func (o *order) Validate() error {
	switch {
	case o.Count == 0:
		o.Count = 1 // a pointer may fill in what is missing
	case o.Count > 100:
		return &handler.Error{Status: 409, Reason: "sold out"}
	case o.Count > 10:
		return fmt.Errorf("too many: %w", &handler.Error{Status: 403, Reason: "not for you"})
	}
	return nil
}

func TestTypedValidates(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	calls := 0
	byValue := handler.Typed(func(_ context.Context, in span) (int, error) { calls++; return in.To, nil })
	byPointer := handler.Typed(func(_ context.Context, in *span) (int, error) { calls++; return in.To, nil })
	for _, h := range []handler.Handler{byValue, byPointer} {
		body := packed(t, map[string]any{"from": 3})
		_, err := h.Serve(context.Background(), &handler.Request{Body: body, Args: map[string]string{"to": "3"}})
		is.NoErr(err) // body and arguments are there when Validate looks
		_, err = h.Serve(context.Background(), &handler.Request{Body: body, Args: map[string]string{"to": "2"}})
		is.True(errors.Is(err, errSpan))
		is.Equal(handler.ErrorResponse(err).Status, 400)
		is.Equal(handler.ErrorResponse(err).Reason, "to must not be below from") // its text is for the caller
		_, err = h.Serve(context.Background(), &handler.Request{Body: body, Args: map[string]string{"to": "x"}})
		is.True(err != nil && !errors.Is(err, errSpan)) // what cannot be read is not judged
	}
	is.Equal(calls, 2) // only for what is valid
}

func TestTypedValidatesByPointer(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	byValue := handler.Typed(func(_ context.Context, in order) (int, error) { return in.Count, nil })
	byPointer := handler.Typed(func(_ context.Context, in *order) (int, error) { return in.Count, nil })
	for _, h := range []handler.Handler{byValue, byPointer} {
		serve := func(count int) (got int, err error) {
			resp, err := h.Serve(context.Background(), &handler.Request{Body: packed(t, order{count})})
			if err == nil {
				err = resp.Bind(&got)
			}
			return got, err
		}
		got, err := serve(0)
		is.NoErr(err)
		is.Equal(got, 1) // what Validate fills in arrives
		_, err = serve(101)
		is.Equal(err, &handler.Error{Status: 409, Reason: "sold out"}) // an *Error is returned as it is
		_, err = serve(11)
		is.Equal(handler.StatusOf(err), 403) // one inside of another error as well
	}
}

func TestTypedValidatesAnswers(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	h := handler.Typed(func(context.Context, span) (int, error) { return 0, nil })
	answer, err := handler.Value(span{From: 3})
	is.NoErr(err)
	_, err = h.Serve(context.Background(), &handler.Request{Answer: answer})
	is.Equal(handler.StatusOf(err), 502) // the one who answered is to blame
	is.True(errors.Is(err, errSpan))
}

type (
	otherArgs   struct{}
	otherResult struct{}
	embeds      struct{ span }
)

func (otherArgs) Validate(context.Context) error { return nil }
func (*otherResult) Validate() bool              { return true }

func TestTypedValidateSignature(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	for _, do := range []func(){
		func() { handler.Typed(in[otherArgs]) },
		func() { handler.Typed(in[*otherArgs]) },
		func() { handler.Typed(in[otherResult]) },
		func() { handler.Typed(in[*otherResult]) },
	} {
		got := panicOf(t, do)
		is.True(strings.HasPrefix(got, "handler: Typed: the method Validate of "))
		is.True(strings.HasSuffix(got, "it must be Validate() error")) // one that is never called would be believed in
	}
	_, err := handler.Typed(in[embeds]).Serve(context.Background(), &handler.Request{Args: map[string]string{"to": "-1"}})
	is.True(errors.Is(err, errSpan))                                                               // a method of an embedded struct counts
	_, err = handler.Typed(in[any]).Serve(context.Background(), &handler.Request{Body: []byte{1}}) // no methods
	is.NoErr(err)
	_, err = handler.Typed(in[fmt.Stringer]).Serve(context.Background(), &handler.Request{})
	is.NoErr(err)
}

// booking is valid as long as its guests fit into the room.
type booking struct {
	Room   string `param:"room"`
	Guests int    `json:"guests"`
}

func (b booking) Validate() error {
	if b.Guests < 1 || b.Guests > 4 {
		return fmt.Errorf("guests must be 1 to 4, not %d", b.Guests)
	}
	return nil
}

func ExampleTyped_validate() {
	var mux handler.Mux
	mux.Method("post", "/rooms/{room}", handler.Typed(func(_ context.Context, b booking) (string, error) {
		return "room " + b.Room, nil // the guests fit
	}))

	_, err := mux.Serve(context.Background(), &handler.Request{
		Method: "post", Path: "/rooms/7",
		Header: map[string][]string{"content-type": {"application/json"}},
		Body:   []byte(`{"guests": 5}`),
	})
	fmt.Println(handler.StatusOf(err), handler.ErrorResponse(err).Reason)
	// Output: 400 guests must be 1 to 4, not 5
}
