package middleware_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"unicode"

	"go.uber.org/goleak"

	"quartet/handler"
	"quartet/transport/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errSecret = errors.New("password is 1234")

func returns(resp *handler.Response, err error) handler.Handler {
	return handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) { return resp, err })
}

func panics(value any) handler.Handler {
	return handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) { panic(value) })
}

// record is what one line of a log says.
type record struct {
	level slog.Level
	msg   string
	attrs map[string]string
}

// rawLog is a slog.Handler that quotes and escapes nothing.
type rawLog struct{ records []record }

func newLog() (*slog.Logger, *rawLog) {
	raw := new(rawLog)
	return slog.New(raw), raw
}

func (l *rawLog) Enabled(context.Context, slog.Level) bool { return true }
func (l *rawLog) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l *rawLog) WithGroup(string) slog.Handler            { return l }

func (l *rawLog) Handle(_ context.Context, r slog.Record) error {
	rec := record{r.Level, r.Message, map[string]string{}}
	r.Attrs(func(a slog.Attr) bool {
		if _, twice := rec.attrs[a.Key]; twice {
			panic("the attribute " + a.Key + " is there twice")
		}
		rec.attrs[a.Key] = a.Value.String()
		return true
	})
	l.records = append(l.records, rec)
	return nil
}

// one returns the only record.
func (l *rawLog) one(t *testing.T) record {
	t.Helper()
	if len(l.records) != 1 {
		t.Fatalf("%d lines, want one: %v", len(l.records), l.records)
	}
	return l.records[0]
}

// clean fails where a record has what must not reach a log, or is long.
func (r record) clean(t *testing.T) {
	t.Helper()
	for name, value := range r.attrs {
		if strings.ContainsFunc(value, obeyed) || strings.ToValidUTF8(value, "") != value {
			t.Errorf("%s is raw: %q", name, value)
		}
		if len(value) > 1024 && name != "stack" {
			t.Errorf("%s has %d bytes", name, len(value))
		}
	}
}

// obeyed are the runes that a terminal or the reader of a log obeys instead of showing them.
func obeyed(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029'
}

// evil is a text with each of them, and with bytes that are no UTF-8.
func evil() string {
	var b strings.Builder
	for r := range rune(0x2070) {
		if obeyed(r) {
			b.WriteRune(r)
		}
	}
	return b.String() + "\xff\xc3\x28"
}

const (
	app   = "0123456789abcdef0123456789abcdef"
	other = "00000000000000000000000000000001"
)

// from is a request of that app.
func from(app string) *handler.Request {
	r := handler.FromWire(asked(app), &handler.Arrival{Caller: "front"})
	return &r
}

func asked(app string) *wire.Request {
	return &wire.Request{Path: "/reports/7", Method: "get", From: app, Header: map[string][]string{}}
}

// answer is the request that a response handler serves.
func answer(resp *handler.Response) *handler.Request { return handler.ForAnswer(asked(""), resp) }

// panicOf returns what f panics with.
func panicOf(f func()) (text string) {
	defer func() { text = fmt.Sprint(recover()) }()
	f()
	return ""
}
