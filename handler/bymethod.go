package handler

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// ByMethod returns a Handler that makes an R for each request and calls its method named after the METHOD: Get, Head,
// Post, Put, Patch, Delete, Options, Connect, Request or Response, of the signature
//
//	func (*R) Get(context.Context, *Request) (*Response, error)
//
// Two more methods are optional. Prepare, of the same signature, comes first; when it returns a response or an error
// that is the result. Finish comes last, always: after an early end, a METHOD that R lacks, a panic (err is then a
// *PanicError) and runtime.Goexit (ErrGoexit). It sees the result and cannot change it.
//
//	func (*R) Finish(context.Context, *Request, *Response, error)
//
// A METHOD that R lacks gives the error 405 with the header allow, wrapping ErrNoRoute. head falls back to Get, and
// options is answered with 200 and the header allow unless R has Options.
//
// R is inspected once, by ByMethod, which panics when one of these names has another signature, when R has none of
// them, or when they belong to *R while fresh returns an R. All other names of R are its own business, those of an
// embedded client included. fresh is called from many goroutines at once; each R serves one request.
func ByMethod[R any](fresh func() R) Handler {
	if fresh == nil {
		panic("handler: ByMethod: nil func")
	}
	b := &byMethod{verbs: map[string]verb{}, fresh: func() any { return fresh() }}
	b.inspect(reflect.TypeFor[R]())
	return b
}

// verb calls one method of r.
type verb func(r any, ctx context.Context, req *Request) (*Response, error)

// byMethod calls through interfaces: one assertion for each call, no reflection and no bound method.
type byMethod struct {
	fresh   func() any
	verbs   map[string]verb // by METHOD
	allowed []string        // METHODs, in order
	prepare verb            // or nil
	finish  bool            // R has Finish
}

type (
	getter interface {
		Get(context.Context, *Request) (*Response, error)
	}
	header interface {
		Head(context.Context, *Request) (*Response, error)
	}
	poster interface {
		Post(context.Context, *Request) (*Response, error)
	}
	putter interface {
		Put(context.Context, *Request) (*Response, error)
	}
	patcher interface {
		Patch(context.Context, *Request) (*Response, error)
	}
	deleter interface {
		Delete(context.Context, *Request) (*Response, error)
	}
	optioner interface {
		Options(context.Context, *Request) (*Response, error)
	}
	connecter interface {
		Connect(context.Context, *Request) (*Response, error)
	}
	requester interface {
		Request(context.Context, *Request) (*Response, error)
	}
	responder interface {
		Response(context.Context, *Request) (*Response, error)
	}
	preparer interface {
		Prepare(context.Context, *Request) (*Response, error)
	}
	finisher interface {
		Finish(context.Context, *Request, *Response, error)
	}
)

// known is a method that ByMethod looks for.
type known struct {
	name string
	typ  reflect.Type // the interface that has it
	call verb
}

// look makes a known of a method expression; I follows from it.
func look[I any](name string, call func(I, context.Context, *Request) (*Response, error)) known {
	return known{name, reflect.TypeFor[I](), func(r any, ctx context.Context, req *Request) (*Response, error) {
		return call(r.(I), ctx, req)
	}}
}

var (
	knownVerbs = []known{
		look("Get", getter.Get),
		look("Head", header.Head),
		look("Post", poster.Post),
		look("Put", putter.Put),
		look("Patch", patcher.Patch),
		look("Delete", deleter.Delete),
		look("Options", optioner.Options),
		look("Connect", connecter.Connect),
		look("Request", requester.Request),
		look("Response", responder.Response),
	}
	knownPrepare = look("Prepare", preparer.Prepare)
	knownFinish  = known{"Finish", reflect.TypeFor[finisher](), nil}
)

// inspect fills in what t has.
func (b *byMethod) inspect(t reflect.Type) {
	for _, k := range knownVerbs {
		if k.in(t) {
			b.verbs[strings.ToLower(k.name)] = k.call
		}
	}
	if len(b.verbs) == 0 {
		panic(fmt.Sprintf("handler: ByMethod: %v has no method named after a METHOD", t))
	}
	if get, ok := b.verbs[MethodGet]; ok && b.verbs[MethodHead] == nil {
		b.verbs[MethodHead] = get
	}
	if b.verbs[MethodOptions] == nil {
		b.verbs[MethodOptions] = b.options
	}
	for method := range b.verbs {
		b.allowed = append(b.allowed, method)
	}
	slices.Sort(b.allowed)
	if knownPrepare.in(t) {
		b.prepare = knownPrepare.call
	}
	b.finish = knownFinish.in(t)
}

// in reports whether t has the method, and panics when it has another one of that name.
func (k known) in(t reflect.Type) bool {
	if _, ok := t.MethodByName(k.name); !ok {
		if t.Kind() != reflect.Pointer && t.Kind() != reflect.Interface {
			if _, ok := reflect.PointerTo(t).MethodByName(k.name); ok {
				panic(fmt.Sprintf("handler: ByMethod: %s is a method of *%v, but the func returns %v", k.name, t, t))
			}
		}
		return false
	}
	if !t.Implements(k.typ) {
		want := k.typ.Method(0).Type
		panic(fmt.Sprintf("handler: ByMethod: the method %s of %v must be a %v", k.name, t, want))
	}
	return true
}

func (b *byMethod) options(any, context.Context, *Request) (*Response, error) {
	return &Response{Header: map[string][]string{allow: {strings.Join(b.allowed, ", ")}}}, nil
}

// Serve makes an R and takes it through its life.
func (b *byMethod) Serve(ctx context.Context, r *Request) (resp *Response, err error) {
	v := b.fresh()
	if !b.finish {
		return b.call(v, ctx, r)
	}
	ended := false
	defer func() {
		if value := recover(); value != nil {
			resp, err = nil, recovered(value)
		} else if !ended {
			resp, err = nil, ErrGoexit
		}
		v.(finisher).Finish(ctx, r, resp, err)
	}()
	resp, err = settle(b.call(v, ctx, r))
	ended = true
	return resp, err
}

func (b *byMethod) call(v any, ctx context.Context, r *Request) (*Response, error) {
	if b.prepare != nil {
		if resp, err := b.prepare(v, ctx, r); resp != nil || err != nil {
			return resp, err
		}
	}
	verb := b.verbs[methodOf(r.Method)]
	if verb == nil {
		return nil, NoRoute(b.allowed)
	}
	return verb(v, ctx, r)
}
