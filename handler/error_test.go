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

var errSecret = errors.New("password is 1234")

func TestErrorResponse(t *testing.T) {
	t.Parallel()
	var typedNil *handler.Error
	tests := []struct {
		name   string
		err    error
		status int
		reason string
	}{
		{"an Error", handler.Errorf(404, "no report %d", 7), 404, "no report 7"},
		{"an Error inside another", fmt.Errorf("%w: %w", errSecret, handler.Errorf(409, "taken")), 409, "taken"},
		{"an Error with a cause", &handler.Error{Status: 503, Reason: "later", Err: errSecret}, 503, "later"},
		{"an Error without a reason", &handler.Error{Status: 403, Err: errSecret}, 403, "forbidden"},
		{"an Error without a name", &handler.Error{Status: 499}, 499, "error"},
		{"a remote Error", &handler.Error{Status: 418, Reason: "teapot", Remote: true}, 418, "teapot"},
		{"an Error without a status", &handler.Error{Reason: "x"}, 500, "x"},
		{"an Error that claims success", &handler.Error{Status: 200, Reason: "x"}, 500, "x"},
		{"an Error beyond the scale", &handler.Error{Status: 600, Reason: "x"}, 500, "x"},
		{"a nil Error in an interface", typedNil, 500, "internal error"},
		{"any other error", errSecret, 500, "internal error"},
		{"a deadline", fmt.Errorf("%w: %w", errSecret, context.DeadlineExceeded), 504, "deadline exceeded"},
		{"an Error that wraps a deadline", &handler.Error{Status: 502, Reason: "x", Err: context.DeadlineExceeded}, 502, "x"},
		{"nobody waits", context.Canceled, 500, "internal error"},
		{"a panic with an Error", &handler.PanicError{Value: handler.Errorf(404, "x")}, 500, "internal error"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			resp := handler.ErrorResponse(tt.err)
			is.Equal(resp.Status, tt.status)
			is.Equal(resp.Reason, tt.reason)                    // only what a caller may see
			is.Equal(handler.StatusOf(tt.err), tt.status)       // both tell the same
			is.True(!strings.Contains(resp.Reason, "password")) // a cause never travels
			is.Equal(resp.Err, nil)                             // in no form
			is.Equal(len(resp.Body), 0)                         // there is no body
		})
	}
	is := is.New(t)
	is.Equal(handler.StatusOf(nil), 200) // no error
}

func TestErrorResponseCopiesTheHeader(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	err := &handler.Error{Status: 503, Header: map[string][]string{"retry-after": {"1"}}}
	resp := handler.ErrorResponse(err)
	is.Equal(resp.HeaderValue("retry-after"), "1") // the header travels
	resp.SetHeader("x", "y")
	is.Equal(len(err.Header), 1) // a shared error is not changed
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	is.Equal((&handler.Error{Status: 404, Reason: "no report"}).Error(), "404 no report")
	is.Equal((&handler.Error{Status: 404}).Error(), "404 not found")
	is.Equal((&handler.Error{Status: 500, Reason: "x", Err: errSecret}).Error(), "500 x: password is 1234") // for the log
	is.Equal((&handler.Error{Status: 500, Reason: "x", Remote: true}).Error(), "500 x (remote)")
	is.Equal((*handler.Error)(nil).Error(), "<nil>") // no panic while it is logged
	is.Equal((*handler.Error)(nil).Unwrap(), nil)
}

func TestErrorf(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	err := handler.Errorf(409, "save %q: %w", "a", errSecret)
	is.Equal(err.Reason, `save "a": password is 1234`)                                       // who formats a cause shows it
	is.Equal(err.Error(), `409 save "a": password is 1234`)                                  // but once
	is.True(errors.Is(err, errSecret))                                                       // %w wraps
	is.True(errors.Is(handler.Errorf(400, "%w %w", context.Canceled, errSecret), errSecret)) // several of them too
	is.Equal(handler.Errorf(400, "%v", errSecret).Unwrap(), nil)                             // %v does not
}

func TestNoRoute(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	none, other := handler.NoRoute(nil), handler.NoRoute([]string{"get", "head"})
	is.Equal(none.Status, 404)
	is.Equal(other.Status, 405)
	is.Equal(other.Header["allow"], []string{"get, head"})
	is.True(errors.Is(none, handler.ErrNoRoute) && errors.Is(other, handler.ErrNoRoute)) // one sentinel for both
	is.True(!errors.Is(handler.Errorf(404, "no report"), handler.ErrNoRoute))            // a handler's 404 is another matter
}
