package middleware

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"quartet/handler"
)

// statusGone is nginx's number for a request that nobody waits for any more; HTTP itself has none.
const statusGone = 499

// AccessLog writes one line for each request once it has been served:
//
//	level=INFO msg=request path=/reports/7 method=get pattern=/reports/{id} status=200 bytes_in=12 bytes_out=345
//	took=1.2ms from=5f0c… request_id=XJ4… callers="front, app"
//
// The status of an error is handler.StatusOf, or 499 where the work was canceled because nobody waits any more. The line
// also has the reason that the caller sees, and for errors the cause, which the caller does not see. Lines of
// status 400 and more have level WARN, of 500 and more ERROR, all others INFO. What is empty is left out. A handler
// that panics is logged as a 500, and goes on panicking.
//
// A request that goes on to another service (handler.Forward) has no status yet: forward, and forward_path where that
// differs, say where it went.
//
// In a response handler the message is response, bytes_in those of the answer, answer its status and failure why there
// is none. An answer for which no response handler is registered has level INFO.
//
// Path, METHOD, names and texts may come from strangers. None of them holds a control character when it gets to
// log, whatever slog.Handler writes it, and none is longer than 1 KiB. Header values, arguments and bodies are
// not logged.
func AccessLog(log *slog.Logger) handler.Middleware {
	check(log != nil, "AccessLog: nil Logger")
	return func(next handler.Handler) handler.Handler {
		return handler.Func(func(ctx context.Context, r *handler.Request) (resp *handler.Response, err error) {
			e := event{request: r, path: r.Path, method: methodOf(r), in: len(r.Body), began: time.Now()}
			ended := false
			defer func() {
				if !ended {
					resp, err = nil, errUnwound
				}
				e.log(ctx, log, resp, err)
			}()
			resp, err = next.Serve(ctx, r)
			ended = true
			return resp, err
		})
	}
}

// errUnwound never leaves: the panic goes on.
var errUnwound = errors.New("the handler panicked, or called runtime.Goexit")

// event is what AccessLog notes of a request before handlers can change it.
type event struct {
	request      *handler.Request
	path, method string
	in           int
	began        time.Time
}

func (e *event) log(ctx context.Context, log *slog.Logger, resp *handler.Response, err error) {
	if err == nil && resp == nil {
		err = handler.ErrNoResponse
	}
	service, path, forwards := resp.Forwards()
	status := http.StatusOK
	switch {
	case err != nil:
		resp, forwards = nil, false
		status = statusOf(ctx, err)
	case !forwards:
		status = codeOf(resp)
	}
	level := e.level(status, err)
	if !log.Enabled(ctx, level) {
		return
	}
	attrs := append(make([]slog.Attr, 0, 16), text("path", e.path, maxText), text("method", e.method, maxName))
	attrs = add(attrs, "pattern", e.request.Pattern(), maxText)
	attrs = e.answered(attrs)
	if forwards {
		attrs = append(attrs, text("forward", service, maxName))
		attrs = add(attrs, "forward_path", path, maxText)
	} else {
		attrs = append(attrs, slog.Int("status", status))
	}
	attrs = outcome(attrs, resp, err)
	attrs = append(attrs, slog.Int("bytes_in", e.in))
	if resp != nil && !forwards {
		attrs = append(attrs, slog.Int("bytes_out", len(resp.Body)))
	}
	attrs = append(attrs, slog.Duration("took", time.Since(e.began)))
	attrs = e.origin(ctx, attrs)
	log.LogAttrs(ctx, level, e.message(), attrs...)
}

func (e *event) message() string {
	if e.request.Answer != nil {
		return "response"
	}
	return "request"
}

// level goes by the class of the status. That nobody registered for an answer is no failure.
func (e *event) level(status int, err error) slog.Level {
	switch {
	case e.request.Answer != nil && errors.Is(err, handler.ErrNoRoute):
		return slog.LevelInfo
	case status >= http.StatusInternalServerError:
		return slog.LevelError
	case status >= http.StatusBadRequest:
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

// codeOf is the status of a response; one that is none will be a 500.
func codeOf(resp *handler.Response) int {
	if code := resp.Code(); code >= http.StatusContinue && code <= 599 {
		return code
	}
	return http.StatusInternalServerError
}

func statusOf(ctx context.Context, err error) int {
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return statusGone
	}
	return handler.StatusOf(err)
}

// answered is about the answer that a response handler was given.
func (e *event) answered(attrs []slog.Attr) []slog.Attr {
	answer := e.request.Answer
	if answer == nil {
		return attrs
	}
	attrs = append(attrs, slog.Int("answer", answer.Code()))
	if answer.Err != nil {
		attrs = append(attrs, text("failure", answer.Err.Error(), maxText))
	}
	return attrs
}

// outcome says what the caller gets to read of resp or err, and the cause where there is more to it.
func outcome(attrs []slog.Attr, resp *handler.Response, err error) []slog.Attr {
	if err == nil {
		attrs = add(attrs, "reason", resp.Reason, maxText)
		if resp.Err != nil {
			attrs = append(attrs, text("cause", resp.Err.Error(), maxText))
		}
		return attrs
	}
	cause := err.Error()
	if e := (*handler.Error)(nil); errors.As(err, &e) && e != nil {
		attrs = add(attrs, "reason", e.Reason, maxText)
		if e.Err == nil && cause == e.Error() {
			return attrs
		}
	}
	return append(attrs, text("cause", cause, maxText))
}

// origin says who asked.
func (e *event) origin(ctx context.Context, attrs []slog.Attr) []slog.Attr {
	attrs = add(attrs, "from", e.request.From(), maxName)
	t := trailOf(ctx, e.request)
	attrs = add(attrs, "request_id", t.RequestID, maxName)
	return add(attrs, "callers", strings.Join(t.Callers, ", "), maxText)
}

// add leaves out what is empty.
func add(attrs []slog.Attr, name, value string, limit int) []slog.Attr {
	if value == "" {
		return attrs
	}
	return append(attrs, text(name, value, limit))
}
