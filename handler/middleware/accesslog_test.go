package middleware_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/handler/middleware"
)

// served is the line about a request that h served.
func served(t *testing.T, ctx context.Context, h handler.Handler, r *handler.Request) record {
	t.Helper()
	log, raw := newLog()
	_, _ = handler.Run(ctx, middleware.AccessLog(log)(h), r)
	rec := raw.one(t)
	rec.clean(t)
	if rec.attrs["took"] == "" {
		t.Error("the line does not say how long it took")
	}
	delete(rec.attrs, "took")
	return rec
}

func TestAccessLog(t *testing.T) {
	t.Parallel()
	type attrs = map[string]string
	for name, tt := range map[string]struct {
		h     handler.Handler
		level slog.Level
		want  attrs // besides what came
	}{
		"a response": {returns(handler.Text("hello"), nil), slog.LevelInfo, attrs{"status": "200", "bytes_out": "5"}},
		"a reason": {returns(&handler.Response{Status: 302, Reason: "moved"}, nil), slog.LevelInfo,
			attrs{"status": "302", "reason": "moved", "bytes_out": "0"}},
		"a response of 404": {returns(&handler.Response{Status: 404}, nil), slog.LevelWarn, attrs{"status": "404", "bytes_out": "0"}},
		"a response of 503": {returns(&handler.Response{Status: 503}, nil), slog.LevelError, attrs{"status": "503", "bytes_out": "0"}},
		"a response made here": {returns(&handler.Response{Status: 502, Err: errSecret}, nil), slog.LevelError,
			attrs{"status": "502", "cause": errSecret.Error(), "bytes_out": "0"}},
		"a status that is none": {returns(&handler.Response{Status: 42}, nil), slog.LevelError, attrs{"status": "500", "bytes_out": "0"}},
		"an error for the caller": {returns(nil, handler.Errorf(404, "no report")), slog.LevelWarn,
			attrs{"status": "404", "reason": "no report"}},
		"an error with a cause": {returns(nil, &handler.Error{Status: 503, Reason: "away", Err: errSecret}), slog.LevelError,
			attrs{"status": "503", "reason": "away", "cause": "503 away: " + errSecret.Error()}},
		"an error around it": {returns(nil, fmt.Errorf("reading: %w", handler.Errorf(409, "busy"))), slog.LevelWarn,
			attrs{"status": "409", "reason": "busy", "cause": "reading: 409 busy"}},
		"any error": {returns(nil, errSecret), slog.LevelError, attrs{"status": "500", "cause": errSecret.Error()}},
		"both":      {returns(handler.Text("x"), errSecret), slog.LevelError, attrs{"status": "500", "cause": errSecret.Error()}},
		"neither":   {returns(nil, nil), slog.LevelError, attrs{"status": "500", "cause": handler.ErrNoResponse.Error()}},
		"a deadline": {returns(nil, context.DeadlineExceeded), slog.LevelError,
			attrs{"status": "504", "cause": context.DeadlineExceeded.Error()}},
		"canceled, but someone waits": {returns(nil, context.Canceled), slog.LevelError,
			attrs{"status": "500", "cause": context.Canceled.Error()}},
		"a panic": {panics("boom"), slog.LevelError,
			attrs{"status": "500", "cause": "the handler panicked, or called runtime.Goexit"}},
		"a forward":               {returns(handler.Forward("pictures", "/small"), nil), slog.LevelInfo, attrs{"forward": "pictures", "forward_path": "/small"}},
		"a forward of the path":   {returns(handler.Forward("pictures", ""), nil), slog.LevelInfo, attrs{"forward": "pictures"}},
		"a forward with an error": {returns(handler.Forward("pictures", ""), errSecret), slog.LevelError, attrs{"status": "500", "cause": errSecret.Error()}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			r := from(app)
			r.Body = []byte("abc")
			r.Header["quartet-request-id"] = []string{"event-1"}
			r.Header["quartet-callers"] = []string{"edge"}
			var mux handler.Mux
			mux.Handle("/reports/{id}", tt.h)
			rec := served(t, context.Background(), &mux, r)
			is.Equal(rec.msg, "request")
			is.Equal(rec.level, tt.level)
			for name, value := range map[string]string{
				"path": "/reports/7", "method": "get", "pattern": "/reports/{id}", "bytes_in": "3",
				"from": app, "request_id": "event-1", "callers": "edge, front",
			} {
				is.Equal(rec.attrs[name], value) // what came
				delete(rec.attrs, name)
			}
			is.Equal(rec.attrs, tt.want) // and what became of it, nothing else
		})
	}
}

func TestAccessLogOfWhatNobodyWaitsFor(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	rec := served(t, ctx, returns(nil, fmt.Errorf("query: %w", context.Canceled)), &handler.Request{Path: "/"})
	is.Equal(rec.level, slog.LevelWarn)
	is.Equal(rec.attrs, map[string]string{
		"path": "/", "method": "request", "status": "499", "cause": "query: context canceled", "bytes_in": "0",
	}) // what is empty is left out
}

func TestAccessLogOfResponseHandlers(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	rec := served(t, context.Background(), returns(handler.Text("made"), nil), answer(handler.Text("answer")))
	is.Equal(rec.msg, "response") // not a request
	is.Equal(rec.level, slog.LevelInfo)
	is.Equal(rec.attrs, map[string]string{
		"path": "/reports/7", "method": "response", "answer": "200", "status": "200", "bytes_in": "6", "bytes_out": "4",
	})

	lost := &handler.Response{Status: 502, Err: errors.New("lost\n")}
	rec = served(t, context.Background(), returns(new(handler.Response), nil), answer(lost))
	is.Equal(rec.attrs["answer"], "502")
	is.Equal(rec.attrs["failure"], `lost\n`) // why there is no answer

	var none handler.Mux
	rec = served(t, context.Background(), &none, answer(handler.Text("")))
	is.Equal(rec.level, slog.LevelInfo) // nobody registered for it: that is no failure
	is.Equal(rec.attrs["status"], "404")
}

// TestAccessLogSeesWhatCame even if a handler changes its request.
func TestAccessLogSeesWhatCame(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	rec := served(t, context.Background(), handler.Func(func(_ context.Context, r *handler.Request) (*handler.Response, error) {
		r.Path, r.Method, r.Body = "/other", "put", nil
		return new(handler.Response), nil
	}), &handler.Request{Path: "/a", Method: "get", Body: []byte("abc")})
	is.Equal(rec.attrs["path"], "/a")
	is.Equal(rec.attrs["method"], "get")
	is.Equal(rec.attrs["bytes_in"], "3")
}

// TestAccessLogIsOneCleanLine whatever strangers write, and whoever writes the log.
func TestAccessLogIsOneCleanLine(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("\x1b[2Jx", 1<<18) // more than 1 MiB
	for _, bad := range []string{evil(), long} {
		for _, h := range []handler.Handler{
			returns(&handler.Response{Reason: bad, Header: map[string][]string{bad: {bad}}}, nil),
			returns(&handler.Response{Status: 502, Err: errors.New(bad)}, nil),
			returns(nil, &handler.Error{Status: 404, Reason: bad, Err: errors.New(bad)}),
			returns(nil, errors.New(bad)),
			returns(handler.Forward(bad, bad), nil),
			panics(bad),
		} {
			for _, answer := range []*handler.Response{nil, {Err: errors.New(bad)}} {
				wire := asked(bad)
				wire.Path, wire.Method, wire.Args = bad, bad, map[string]string{bad: bad}
				for _, name := range []string{bad, "quartet-request-id", "quartet-callers", "traceparent", "tracestate"} {
					wire.Header[name] = []string{bad, bad}
				}
				r := handler.FromWire(wire, &handler.Arrival{Caller: bad})
				r.Answer = answer
				served(t, context.Background(), h, &r)
				lines(t, h, &r)
			}
		}
	}
}

// lines fails unless the handlers of slog write one line each.
func lines(t *testing.T, h handler.Handler, r *handler.Request) {
	t.Helper()
	for _, handlerOf := range []func(*bytes.Buffer) slog.Handler{
		func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
		func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
	} {
		var b bytes.Buffer
		_, _ = handler.Run(context.Background(), middleware.AccessLog(slog.New(handlerOf(&b)))(h), r)
		line, ended := strings.CutSuffix(b.String(), "\n")
		if !ended || strings.ContainsFunc(line, obeyed) || len(line) > 16<<10 {
			t.Errorf("%d bytes: %.200q", len(line), line)
		}
	}
}

func TestAccessLogNeedsALogger(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	is.Equal(panicOf(func() { middleware.AccessLog(nil) }), "middleware: AccessLog: nil Logger")
}
