package handler

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
)

// ErrGoexit is what RunTo makes of a handler that ends its goroutine with runtime.Goexit, as t.FailNow does.
var ErrGoexit = errors.New("handler: the handler called runtime.Goexit")

// PanicError is what Run makes of a panic. It is for the log, hence it wraps nothing: whatever a handler panics with, its
// caller sees 500.
type PanicError struct {
	Value any    // what was given to panic
	Stack []byte // of the goroutine, from the panic outwards; at most 64 KiB
}

// Error returns the value, without the stack.
func (e *PanicError) Error() string { return fmt.Sprintf("handler: panic: %v", e.Value) }

const maxStack = 64 << 10

// recovered is for the deferred function that called recover: the stack still shows who panicked.
func recovered(value any) *PanicError {
	buf := make([]byte, maxStack)
	return &PanicError{Value: value, Stack: buf[:runtime.Stack(buf, false)]}
}

// Run serves r with h in the calling goroutine, with a context that carries r. It returns a response or an error,
// never both and never neither: a panic becomes a *PanicError, no result at all ErrNoResponse, a status outside of
// 100 to 599 an error. Where the error goes to a caller, ErrorResponse says what of it may be seen.
//
// A handler that calls runtime.Goexit ends the calling goroutine, and then Run does not return; see RunTo.
func Run(ctx context.Context, h Handler, r *Request) (resp *Response, err error) {
	defer func() {
		if value := recover(); value != nil {
			resp, err = nil, recovered(value)
		}
	}()
	return settle(h.Serve(NewContext(ctx, r), r))
}

// RunTo is Run for those who must hear of every end: it calls answer exactly once, in the calling goroutine, with the
// result of Run, or with ErrGoexit when the handler called runtime.Goexit, which goes on ending the goroutine once answer
// has returned.
func RunTo(ctx context.Context, h Handler, r *Request, answer func(*Response, error)) {
	ended := false
	defer func() {
		if !ended {
			answer(nil, ErrGoexit)
		}
	}()
	resp, err := Run(ctx, h, r)
	ended = true
	answer(resp, err)
}

func settle(resp *Response, err error) (*Response, error) {
	switch {
	case err != nil:
		return nil, err
	case resp == nil:
		return nil, ErrNoResponse
	case !validStatus(resp.Code()):
		return nil, fmt.Errorf("handler: a response with status %d", resp.Status)
	}
	return resp, nil
}

func validStatus(status int) bool { return status >= http.StatusContinue && status <= 599 }
