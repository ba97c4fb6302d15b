package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"quartet/demos/internal/children"
	"quartet/handler"
	"quartet/service"
)

// fake answers, or fails, at once.
type fake struct {
	service.Caller
	err error
}

func (f fake) Call(_ context.Context, name string, r *handler.Request, _ ...service.CallOption) (*service.Reply, error) {
	if f.err != nil {
		return nil, f.err
	}
	p, _ := find(name)
	p.delay = 0
	r.Method = handler.MethodGet // which is among the options
	answer, err := handler.Run(context.Background(), p.routes(), r)
	return &service.Reply{Response: answer}, err
}

// State implements the part of children.Group that the page needs.
func (fake) State(string) children.State { return children.State{PID: 7} }

func get(f fake, target, accept string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.Header.Set("Accept", accept)
	w := httptest.NewRecorder()
	s := &shop{Caller: f, services: f, log: slog.New(slog.DiscardHandler)}
	s.handler().ServeHTTP(w, r)
	return w
}

// TestNothing: a page of nothing but failures is a failure, and still says of each part what is wrong.
func TestNothing(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	w := get(fake{err: handler.Errorf(http.StatusTeapot, "tea <b>only</b>")}, "/", "application/json")
	is.Equal(w.Code, 503)
	var out outcome
	is.NoErr(json.Unmarshal(w.Body.Bytes(), &out))
	is.Equal(out.Failed, 10)
	out.Parts[0].Took = 0
	is.Equal(out.Parts[0], result{Name: "product", Status: 418, Error: "tea <b>only</b>", PID: 7})
	w = get(fake{err: handler.Errorf(http.StatusTeapot, "tea <b>only</b>")}, "/", "text/html")
	is.Equal(w.Code, 503)
	is.True(strings.Contains(w.Body.String(), "tea &lt;b&gt;only&lt;/b&gt;"))
	is.True(!strings.Contains(get(fake{err: errors.New("of the house")}, "/", "").Body.String(), "of the house"))
}

func TestFormats(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	html := get(fake{}, "/", "")
	is.Equal(html.Code, 200)
	is.Equal(html.Header().Get("Content-Type"), "text/html; charset=utf-8")
	is.Equal(html.Header().Get("Vary"), "Accept")
	is.Equal(strings.Count(html.Body.String(), `<li class="part"`), 10)
	for _, p := range parts {
		is.True(strings.Contains(html.Body.String(), p.text))
	}
	is.Equal(get(fake{}, "/", "application/json").Header().Get("Content-Type"), "application/json")
}

func TestParseDeadline(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]time.Duration{
		"": usual, "deadline=": usual, "deadline=1ms": time.Millisecond, "deadline=10s": 10 * time.Second,
		"deadline=0s": 0, "deadline=11s": 0, "deadline=-1s": 0, "deadline=soon": 0, "deadline=%zz": 0,
	} {
		is := is.New(t)
		d, err := parseDeadline(query)
		is.Equal(d, want)
		is.Equal(err == nil, want != 0) // what cannot be is an error
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	running, dead := children.State{PID: 7}, children.State{Ended: "signal: killed", Again: time.Now().Add(time.Hour)}
	for _, c := range []struct {
		err   error
		state children.State
		says  string
	}{
		{service.ErrTimeout, running, "no answer within 2s"},
		{service.ErrLost, dead, "its process ended while it worked"},
		{service.ErrUnavailable, dead, "its process ended (signal: killed), and is started again in "},
		{service.ErrUnavailable, running, "its process runs, but is not connected"},
		{service.ErrUnavailable, children.State{}, "was not started yet"},
		{handler.Errorf(http.StatusConflict, "sold out"), running, "sold out"},
		{errors.New("of the house"), running, "internal error"},
	} {
		is := is.New(t)
		text := explain(c.err, usual, c.state)
		is.True(strings.Contains(text, c.says)) // says what is wrong
	}
}
