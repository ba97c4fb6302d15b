package handler_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/matryer/is"

	"quartet/handler"
)

// client stands for what handlers embed: none of its names is looked at.
type client struct{}

func (*client) Call() int        { return 0 }
func (*client) Send(string)      {}
func (*client) Register() error  { return nil }
func (*client) Trace(x, y int)   {}
func (*client) Prepared() string { return "" }

// visit has all that ByMethod knows, and logs its life.
type visit struct {
	*client
	log     *[]string
	prepare func() (*handler.Response, error)
	get     func() (*handler.Response, error)
}

func (v *visit) Prepare(_ context.Context, r *handler.Request) (*handler.Response, error) {
	*v.log = append(*v.log, "prepare")
	return v.prepare()
}

func (v *visit) Finish(_ context.Context, r *handler.Request, resp *handler.Response, err error) {
	text := "<nil>"
	if resp != nil {
		text = resp.Text()
	}
	*v.log = append(*v.log, fmt.Sprintf("finish %s %v", text, err))
}

func (v *visit) Get(_ context.Context, r *handler.Request) (*handler.Response, error) {
	*v.log = append(*v.log, "get")
	return v.get()
}

func nothing() (*handler.Response, error) { return nil, nil }
func text(s string) func() (*handler.Response, error) {
	return func() (*handler.Response, error) { return handler.Text(s), nil }
}
func failure() (*handler.Response, error) { return nil, errSecret }

func TestByMethodLife(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name         string
		method       string
		prepare, get func() (*handler.Response, error)
		want         string
		err          error
	}{
		{"the whole life", "get", nothing, text("x"), "prepare, get, finish x <nil>", nil},
		{"head falls back to get", "head", nothing, text("x"), "prepare, get, finish x <nil>", nil},
		{"an early response", "get", text("early"), nil, "prepare, finish early <nil>", nil},
		{"an early error", "get", failure, nil, "prepare, finish <nil> password is 1234", errSecret},
		{"an error", "get", nothing, failure, "prepare, get, finish <nil> password is 1234", errSecret},
		{"no response", "get", nothing, nothing, "prepare, get, finish <nil> " + handler.ErrNoResponse.Error(), handler.ErrNoResponse},
		{"a METHOD it lacks", "put", nothing, nil, "prepare, finish <nil> 405 METHOD not allowed: handler: no route", handler.ErrNoRoute},
		{"options", "options", nothing, nil, "prepare, finish  <nil>", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			var log []string
			made := 0
			h := handler.ByMethod(func() *visit { made++; return &visit{log: &log, prepare: tt.prepare, get: tt.get} })
			is.Equal(made, 0) // nothing is made before a request comes
			_, err := h.Serve(context.Background(), &handler.Request{Method: tt.method})
			is.Equal(strings.Join(log, ", "), tt.want)
			is.True(errors.Is(err, tt.err)) // Finish changes nothing
			is.Equal(made, 1)               // one for each request
		})
	}
}

func TestByMethodFinishAfterPanic(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var log []string
	h := handler.ByMethod(func() *visit {
		return &visit{log: &log, prepare: nothing, get: func() (*handler.Response, error) { panic("ouch") }}
	})
	_, err := handler.Run(context.Background(), h, &handler.Request{Method: "get"})
	var cause *handler.PanicError
	is.True(errors.As(err, &cause))
	is.True(strings.Contains(string(cause.Stack), "bymethod_test.go")) // the stack shows who panicked
	is.Equal(log, []string{"prepare", "get", "finish <nil> handler: panic: ouch"})
}

func TestByMethodFinishAfterGoexit(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var log []string
	h := handler.ByMethod(func() *visit {
		return &visit{log: &log, prepare: func() (*handler.Response, error) { runtime.Goexit(); return nil, nil }}
	})
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_, _ = h.Serve(context.Background(), &handler.Request{Method: "get"})
	}()
	<-gone
	is.Equal(log, []string{"prepare", "finish <nil> " + handler.ErrGoexit.Error()})
}

func TestByMethodAllow(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	h := handler.ByMethod(func() *page { return &page{} })
	is.Equal(ask(h, "get", "/"), "get")
	is.Equal(ask(h, "head", "/"), "get")
	is.Equal(ask(h, "", "/"), "405 get, head, options") // no METHOD is request
	is.Equal(ask(h, "GET", "/"), "405 get, head, options")
	resp, err := h.Serve(context.Background(), &handler.Request{Method: "options"})
	is.NoErr(err)
	is.Equal(resp.HeaderValue("allow"), "get, head, options") // options is answered by default

	var m handler.Mux
	m.Handle("/p", h)
	status, allowed := m.Match("put", "/p")
	is.Equal(status, 405) // Match knows what the handler answers
	is.Equal(allowed, []string{"get", "head", "options"})
	status, _ = m.Match("head", "/p")
	is.Equal(status, 200)
}

type everything struct{}

func (everything) one(name string) (*handler.Response, error) { return handler.Text(name), nil }
func (e everything) Get(context.Context, *handler.Request) (*handler.Response, error) {
	return e.one("get")
}
func (e everything) Head(context.Context, *handler.Request) (*handler.Response, error) {
	return e.one("head")
}
func (e everything) Post(context.Context, *handler.Request) (*handler.Response, error) {
	return e.one("post")
}
func (e everything) Put(context.Context, *handler.Request) (*handler.Response, error) {
	return e.one("put")
}
func (e everything) Patch(context.Context, *handler.Request) (*handler.Response, error) {
	return e.one("patch")
}
func (e everything) Delete(context.Context, *handler.Request) (*handler.Response, error) {
	return e.one("delete")
}
func (e everything) Options(context.Context, *handler.Request) (*handler.Response, error) {
	return e.one("options")
}
func (e everything) Connect(context.Context, *handler.Request) (*handler.Response, error) {
	return e.one("connect")
}
func (e everything) Request(context.Context, *handler.Request) (*handler.Response, error) {
	return e.one("request")
}
func (e everything) Response(context.Context, *handler.Request) (*handler.Response, error) {
	return e.one("response")
}

func TestByMethodKnowsEveryMethod(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	h := handler.ByMethod(func() everything { return everything{} })
	for _, method := range []string{
		handler.MethodGet, handler.MethodHead, handler.MethodPost, handler.MethodPut, handler.MethodPatch,
		handler.MethodDelete, handler.MethodOptions, handler.MethodConnect, handler.MethodRequest, handler.MethodResponse,
	} {
		is.Equal(ask(h, method, "/"), method) // each METHOD has the method of its name
	}
	is.Equal(ask(h, "", "/"), "request") // no METHOD is request
}

type (
	mistypedGet     struct{}
	mistypedPrepare struct{ page }
	mistypedFinish  struct{ page }
	idle            struct{ *client }
)

func (*mistypedGet) Get(context.Context, handler.Request) (*handler.Response, error) { return nil, nil }
func (*mistypedPrepare) Prepare(context.Context, *handler.Request) error             { return nil }
func (*mistypedFinish) Finish(context.Context, *handler.Request) {
}

func TestByMethodPanicsAtRegistration(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		do   func()
		want string
	}{
		"a mistyped METHOD":                     {func() { handler.ByMethod(func() *mistypedGet { return nil }) }, "the method Get of *handler_test.mistypedGet must be a func(context.Context, *handler.Request)"},
		"a mistyped Prepare":                    {func() { handler.ByMethod(func() *mistypedPrepare { return nil }) }, "the method Prepare of"},
		"a mistyped Finish":                     {func() { handler.ByMethod(func() *mistypedFinish { return nil }) }, "the method Finish of"},
		"no METHOD at all":                      {func() { handler.ByMethod(func() *idle { return nil }) }, "has no method named after a METHOD"},
		"a value whose pointer has the methods": {func() { handler.ByMethod(func() page { return page{} }) }, "Get is a method of *handler_test.page, but the func returns handler_test.page"},
		"nil":                                   {func() { handler.ByMethod[*page](nil) }, "nil func"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			got := panicOf(t, tt.do)
			is.True(strings.HasPrefix(got, "handler: ByMethod: "))
			if !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want %q in it", got, tt.want)
			}
		})
	}
}

// An interface for R leaves the choice of the type to fresh.
func TestByMethodOfInterface(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	type getter interface {
		Get(context.Context, *handler.Request) (*handler.Response, error)
	}
	h := handler.ByMethod(func() getter { return everything{} })
	is.Equal(ask(h, "get", "/"), "get")
	is.Equal(ask(h, "put", "/"), "405 get, head, options") // the interface decides what is reachable
}
