package handler

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"quartet/transport/wire"
)

// Mux is a Handler that chooses another one by the path and the METHOD of a request. Its zero value is ready to use.
//
// Patterns are chi's, and a path is matched as it came, escapes and all: /a/{id} has a parameter that ends at the next slash (or at the text that follows it, as in
// /{name}.txt), /a/{id:[0-9]+} one that must match a regexp as a whole, /files/* takes the rest of the path, at the end
// only. Fixed text goes before regexps, these before plain parameters, these before *.
//
// The METHOD head is answered by the route for get where it has none of its own. A route for one METHOD goes before one
// for every METHOD (Handle, Mount) when their patterns differ in nothing but the names of parameters. A path without a
// route gives the error 404, one that has routes for other METHODs 405 with the header allow; both are *Error values
// that wrap ErrNoRoute.
//
// Routes are registered before the first request, by one goroutine, and mistakes panic there: a bad pattern, a second
// route of the same shape and METHOD, Use after a route, a route after the first request. Serve and Match may be called
// from many goroutines at once. A Mux must not be copied.
//
// To serve a request costs one allocation where the pattern has parameters and none where it has not; a Mux mounted in
// a mounted Mux costs one more.
type Mux struct {
	root   *Mux         // where routes go, for a Mux made by With
	stack  []Middleware // around all routes; for a Mux made by With, around each of its own
	frozen bool         // stack is in use

	table    table
	notFound Handler
	inherits bool // notFound is that of the Mux it is mounted in

	compose sync.Once
	serve   Handler // route inside of stack
	started atomic.Bool
}

// Use adds middlewares around everything that this Mux serves, its 404 and 405 included; the first is the outermost.
// They are put together once. Use panics after the first route. On a Mux made by With it adds to the middlewares of
// the routes that follow.
func (m *Mux) Use(middlewares ...Middleware) {
	if m.frozen {
		panic("handler: Use must come before the first route")
	}
	_ = Chain(middlewares...) // panics when one is nil
	m.stack = append(m.stack, middlewares...)
}

// With returns a Mux that registers its routes in m, each inside the given middlewares: of one route, or of several
// (chi's Group) where it is kept. To serve with it is to serve with m.
func (m *Mux) With(middlewares ...Middleware) *Mux {
	_ = Chain(middlewares...)
	w := &Mux{root: m.base()}
	if m.root != nil {
		w.stack = slices.Clone(m.stack)
	}
	w.stack = append(w.stack, middlewares...)
	return w
}

// Handle registers h for every METHOD, those that nobody has heard of included. The METHODs that h does not answer
// are its own matter; those of a ByMethod handler are known to Match and Routes.
func (m *Mux) Handle(pattern string, h Handler) {
	e := m.entry(AnyMethod, pattern, h)
	if b, ok := h.(*byMethod); ok {
		e.methods = b.allowed
	}
	m.add(e)
}

// Method registers h for one METHOD, a lower-case token such as MethodGet.
func (m *Mux) Method(method, pattern string, h Handler) {
	if !wire.ValidMethod(method) {
		panic(fmt.Sprintf("handler: METHOD %q is no lower-case token", method))
	}
	m.add(m.entry(method, pattern, h))
}

// Route mounts a new Mux at pattern, lets fn register its routes and returns it.
func (m *Mux) Route(pattern string, fn func(*Mux)) *Mux {
	if fn == nil {
		panic(fmt.Sprintf("handler: pattern %q: nil func", pattern))
	}
	sub := new(Mux)
	fn(sub)
	m.Mount(pattern, sub)
	return sub
}

// Mount registers h for every METHOD and for every path that begins with pattern: pattern itself, and what follows it
// after a slash. A Mux in h (also inside of middlewares) routes by what follows, with a leading slash; Path stays the
// whole path. For another Handler Param("*") is what follows, without the slash. A mounted Mux without a NotFound of
// its own uses that of m.
func (m *Mux) Mount(pattern string, h Handler) {
	sub, _ := h.(*Mux)
	if sub != nil {
		sub = sub.base()
		if sub.reaches(m.base()) {
			panic(fmt.Sprintf("handler: pattern %q: a Mux cannot be mounted in itself", pattern))
		}
		sub.inherit(m.base().notFound)
	}
	outer := strings.TrimSuffix(pattern, "/")
	if outer == pattern {
		m.mount(pattern, h, outer, sub)
	}
	m.mount(outer+"/*", h, outer, sub)
}

func (m *Mux) mount(pattern string, h Handler, outer string, sub *Mux) {
	e := m.entry(AnyMethod, pattern, h)
	e.mount, e.outer, e.sub = true, outer, sub
	if sub != nil { // it goes by what is left of the path, and needs no copy of it
		e.names = slices.DeleteFunc(e.names, func(name string) bool { return name == "*" })
	}
	m.add(e)
}

// NotFound registers what serves paths without a route, in place of the error 404. It counts for the Muxes mounted in
// m as well, now or later, unless they have their own. 405 remains an error. With it, Routes lists a route for
// everything.
func (m *Mux) NotFound(h Handler) {
	if h == nil {
		panic("handler: nil Handler for NotFound")
	}
	m.freeze()
	h = m.wrap(h)
	base := m.base()
	base.notFound, base.inherits = h, false
	for _, e := range base.table.list {
		if e.sub != nil {
			e.sub.inherit(h)
		}
	}
}

// base returns the Mux that holds the routes of m.
func (m *Mux) base() *Mux {
	if m.root != nil {
		return m.root
	}
	return m
}

// entry checks what is wrong with any route.
func (m *Mux) entry(method, pattern string, h Handler) *entry {
	if h == nil {
		panic(fmt.Sprintf("handler: pattern %q: nil Handler", pattern))
	}
	p, err := parsePattern(pattern)
	if err == nil {
		err = p.unique()
	}
	if err != nil {
		panic(fmt.Sprintf("handler: pattern %q: %v", pattern, err))
	}
	return &entry{method: method, pattern: p, names: p.names(), handler: h}
}

func (m *Mux) add(e *entry) {
	m.freeze()
	e.handler = m.wrap(e.handler)
	old, err := m.base().table.insert(e)
	switch {
	case err != nil:
		panic(fmt.Sprintf("handler: pattern %q: %v", e.pattern.text, err))
	case old != nil:
		panic(fmt.Sprintf("handler: pattern %q: METHOD %q has the route %q already", e.pattern.text, e.method, old.pattern.text))
	}
}

// freeze ends the time for Use, and checks that the time for routes has not ended too: nothing guards the table.
func (m *Mux) freeze() {
	if m.base().started.Load() {
		panic("handler: routes must be registered before the first request")
	}
	m.frozen, m.base().frozen = true, true
}

// wrap puts the middlewares of With around h.
func (m *Mux) wrap(h Handler) Handler {
	if m.root == nil {
		return h
	}
	return Chain(m.stack...)(h)
}

func (m *Mux) inherit(notFound Handler) {
	if notFound == nil || m.notFound != nil && !m.inherits {
		return
	}
	m.notFound, m.inherits = notFound, true
	for _, e := range m.table.list {
		if e.sub != nil {
			e.sub.inherit(notFound)
		}
	}
}

// reaches reports whether other is m or mounted somewhere in it.
func (m *Mux) reaches(other *Mux) bool {
	return m == other || slices.ContainsFunc(m.table.list, func(e *entry) bool {
		return e.sub != nil && e.sub.reaches(other)
	})
}

// Serve serves r with the Handler whose route fits.
func (m *Mux) Serve(ctx context.Context, r *Request) (*Response, error) {
	m = m.base()
	if !m.started.Load() {
		m.start()
	}
	return m.serve.Serve(ctx, r)
}

// start puts the middlewares together, when the first request comes.
func (m *Mux) start() {
	m.compose.Do(func() {
		m.serve = Chain(m.stack...)(Func(m.route))
		m.frozen = true
		m.started.Store(true)
	})
}
