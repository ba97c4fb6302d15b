package middleware_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/handler/middleware"
)

func TestRecoverer(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	log, raw := newLog()
	access, accessed := newLog()
	h := handler.Chain(middleware.AccessLog(access), middleware.Recoverer(log))(panics(errSecret))
	resp, err := h.Serve(context.Background(), from(app))
	var p *handler.PanicError
	is.True(resp == nil && errors.As(err, &p)) // an error like any other
	is.Equal(p.Value, errSecret)
	is.True(strings.Contains(string(p.Stack), "help_test.go")) // that tells where it came from
	is.Equal(handler.ErrorResponse(err).Reason, "internal error")

	rec := raw.one(t)
	rec.clean(t) // the stack, too, is on one line
	is.Equal(rec.level, slog.LevelError)
	is.Equal(rec.attrs["path"], "/reports/7")
	is.Equal(rec.attrs["cause"], "handler: panic: password is 1234")
	is.True(strings.Contains(rec.attrs["stack"], "help_test.go"))
	is.Equal(accessed.one(t).attrs["cause"], rec.attrs["cause"]) // the middleware outside knows what it was
}

func TestRecovererWithoutALogger(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	_, err := middleware.Recoverer(nil)(panics(nil)).Serve(context.Background(), from(app))
	var p *handler.PanicError
	is.True(errors.As(err, &p)) // for whoever logs errors
}

func TestRecovererLetsPass(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	log, raw := newLog()
	want := handler.Text("x")
	resp, err := middleware.Recoverer(log)(returns(want, nil)).Serve(context.Background(), from(app))
	is.True(resp == want && err == nil)
	_, err = middleware.Recoverer(log)(returns(nil, errSecret)).Serve(context.Background(), from(app))
	is.Equal(err, errSecret)
	is.Equal(len(raw.records), 0) // only panics are logged
}

func TestRecovererOfEvilPanics(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	log, raw := newLog()
	for _, bad := range []string{evil(), strings.Repeat("\x1bx", 1<<19)} {
		r := from(app)
		r.Path, r.Method = bad, bad
		_, err := middleware.Recoverer(log)(panics(bad)).Serve(context.Background(), r)
		is.True(err != nil)
		raw.one(t).clean(t)
		raw.records = nil
	}
}
