package handler_test

import (
	"errors"
	"testing"

	"github.com/matryer/is"

	"quartet/handler"
)

func TestResponseConstructors(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	text := handler.Text("hé")
	is.Equal(text.Text(), "hé")
	is.Equal(text.HeaderValue("content-type"), "text/plain; charset=utf-8") // a browser must be able to show it
	is.Equal(text.Code(), 200)                                              // 0 is 200

	for name, make := range map[string]func(any) (*handler.Response, error){"JSON": handler.JSON, "Value": handler.Value} {
		resp, err := make(point{X: 3})
		is.NoErr(err)
		var got point
		is.NoErr(resp.Bind(&got))
		is.Equal(got, point{X: 3}) // Bind reads what the constructor wrote

		resp, err = make(func() {})
		is.True(resp == nil && err != nil)                            // what cannot be encoded is an error
		is.Equal(handler.StatusOf(err), 500)                          // of the handler's own
		is.Equal(handler.ErrorResponse(err).Reason, "internal error") // whose text stays here
		_ = name
	}
	value, err := handler.Value(1)
	is.NoErr(err)
	is.Equal(value.Header, nil) // msgpack needs no content-type
}

func TestResponseBindBlamesTheAnswerer(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var v point
	err := (&handler.Response{Body: []byte{0xc1}}).Bind(&v)
	is.Equal(handler.StatusOf(err), 502)     // 400 would blame the one who asked
	is.NoErr((&handler.Response{}).Bind(&v)) // an empty body is no error
}

func TestResponseAsError(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	is.NoErr((&handler.Response{}).AsError())            // 200
	is.NoErr((&handler.Response{Status: 399}).AsError()) // not yet an error

	var e *handler.Error
	header := map[string][]string{"retry-after": {"1"}}
	is.True(errors.As((&handler.Response{Status: 400, Reason: "why", Header: header}).AsError(), &e))
	is.Equal(*e, handler.Error{Status: 400, Reason: "why", Header: header, Remote: true}) // it came from elsewhere

	lost := errors.New("lost")
	err := (&handler.Response{Status: 502, Err: lost}).AsError()
	is.True(errors.As(err, &e))
	is.True(errors.Is(err, lost))                            // a local failure keeps its cause
	is.Equal(e.Remote, false)                                // and is none of another process
	is.True((&handler.Response{Err: lost}).AsError() != nil) // Err alone makes an error
}
