package handler

import (
	"context"
	"slices"
)

// route finds the Handler for r and calls it. Which route that was remains in r afterwards, for middlewares that log
// it; what a second try needs is put back.
func (m *Mux) route(ctx context.Context, r *Request) (*Response, error) {
	t := &r.own().route
	saved := t.position
	path := t.enter(r.Path)
	c := getContext()
	e := m.table.lookup(c, methodOf(r.Method), path)
	if e == nil {
		allowed := m.table.allowed(c, path)
		putContext(c)
		t.position = saved
		if len(allowed) == 0 && m.notFound != nil {
			return m.notFound.Serve(ctx, r)
		}
		return nil, NoRoute(allowed)
	}
	t.take(e, path, c.URLParams.Values)
	putContext(c)
	defer func() { r.own().route.position = saved }() // own again: the handler may have assigned to *r
	return e.handler.Serve(ctx, r)
}

// route is what the Muxes on the way of a Request noted in it.
type route struct {
	position
	params []param
	outer  string // the pattern up to the innermost Mux, and the one inside it
	inner  string
}

// position is where the next Mux goes on.
type position struct {
	mark   int    // how many of the params belong to the way so far
	rest   string // the path that is left for a mounted Mux; empty: the whole path counts
	prefix string // the patterns of the mounts so far
}

type param struct{ name, value string }

// enter returns the path by which a Mux routes. The * of a mount ends here: inside, it is the one of the inner route.
func (t *route) enter(whole string) string {
	if t.rest == "" {
		t.prefix = ""
		return pathOf(whole)
	}
	if last := t.mark - 1; last >= 0 && t.params[last].name == "*" {
		t.mark = last
	}
	return t.rest
}

// take notes that e was chosen for path. The params go to a new slice: a copy of the Request may hold the old one.
func (t *route) take(e *entry, path string, values []string) {
	t.params = t.params[:t.mark:t.mark]
	if len(e.names) > 0 {
		t.params = slices.Grow(t.params, len(e.names))
	}
	for i, name := range e.names {
		t.params = append(t.params, param{name, values[i]})
	}
	t.mark = len(t.params)
	t.outer, t.inner = t.prefix, e.pattern.text
	t.rest = ""
	if e.mount {
		t.prefix += e.outer
		t.rest = e.left(path, values)
	}
}

func methodOf(method string) string {
	if method == "" {
		return MethodRequest
	}
	return method
}

func pathOf(path string) string {
	if path == "" {
		return "/"
	}
	return path
}
