package handler

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// ErrNoRoute is what the errors of a Mux wrap when no route fits: 404, or 405 where the path is there but not the
// METHOD. The 404 of a handler does not wrap it.
var ErrNoRoute = errors.New("handler: no route")

// ErrNoResponse is what Run makes of a handler that returns neither a response nor an error.
var ErrNoResponse = errors.New("handler: neither a response nor an error")

// Error is an error that its caller may see. Returned by a handler, its Status, Reason and Header travel; Err does not.
// Values are not changed once they are returned.
type Error struct {
	// Status is one of HTTP's, 400 to 599; anything else counts as 500.
	Status int
	// Reason says what is wrong, for the caller. Where it is empty the usual text of the status is sent.
	Reason string
	// Header travels with the error: allow, retry-after. Names are in lower case.
	Header map[string][]string
	// Remote tells that the error came as the answer of another process, and was not made in this one.
	Remote bool
	// Err is the cause, for errors.Is, errors.As and the log. It stays in this process.
	Err error
}

// Errorf returns an *Error whose Reason is the formatted text. The caller sees that text, including that of an error
// formatted with %w, which the *Error then wraps; to hide a cause fill in the fields instead.
func Errorf(status int, format string, args ...any) *Error {
	text := fmt.Errorf(format, args...)
	e := &Error{Status: status, Reason: text.Error()}
	switch text.(type) {
	case interface{ Unwrap() error }, interface{ Unwrap() []error }:
		e.Err = text
	}
	return e
}

// Error returns status, reason and cause. It is for logs: a cause may tell more than a caller should know.
func (e *Error) Error() string {
	if e == nil {
		return "<nil>"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d %s", e.code(), e.reason())
	if e.Remote {
		b.WriteString(" (remote)")
	}
	if e.Err != nil {
		if cause := e.Err.Error(); cause != e.Reason {
			b.WriteString(": ")
			b.WriteString(cause)
		}
	}
	return b.String()
}

// Unwrap returns Err.
func (e *Error) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.Err
}

func (e *Error) code() int {
	if e == nil || e.Status < http.StatusBadRequest || e.Status > 599 {
		return http.StatusInternalServerError
	}
	return e.Status
}

func (e *Error) reason() string {
	switch {
	case e == nil:
		return hidden
	case e.Reason != "":
		return e.Reason
	}
	if text := http.StatusText(e.code()); text != "" {
		return strings.ToLower(text)
	}
	return "error"
}

// hidden is all that a caller learns of an error that is no *Error.
const hidden = "internal error"

// StatusOf returns the status that err amounts to: that of the first *Error in its tree, 504 for
// context.DeadlineExceeded, 500 for any other error, 200 for nil.
func StatusOf(err error) int {
	var e *Error
	switch {
	case err == nil:
		return http.StatusOK
	case errors.As(err, &e):
		return e.code()
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusGatewayTimeout
	}
	return http.StatusInternalServerError
}

// ErrorResponse returns what a caller may see of err: status, reason and header of the first *Error in its tree, 504
// for context.DeadlineExceeded, and 500 with the reason "internal error" for any other error, whose text stays hidden.
// The header is a copy, and there is no body. A nil err counts as an unknown error.
func ErrorResponse(err error) *Response {
	var e *Error
	switch {
	case errors.As(err, &e) && e != nil:
		return &Response{Status: e.code(), Reason: e.reason(), Header: cloneHeader(e.Header)}
	case errors.Is(err, context.DeadlineExceeded):
		return &Response{Status: http.StatusGatewayTimeout, Reason: "deadline exceeded"}
	}
	return &Response{Status: http.StatusInternalServerError, Reason: hidden}
}

// NoRoute returns the *Error that says that no route fits and wraps ErrNoRoute: with METHODs in allowed 405 and the
// header allow, without any 404. Mux and Matcher tell what is allowed.
func NoRoute(allowed []string) *Error {
	if len(allowed) == 0 {
		return &Error{Status: http.StatusNotFound, Reason: "no such path", Err: ErrNoRoute}
	}
	return &Error{
		Status: http.StatusMethodNotAllowed,
		Reason: "METHOD not allowed",
		Header: map[string][]string{allow: {strings.Join(allowed, ", ")}},
		Err:    ErrNoRoute,
	}
}
