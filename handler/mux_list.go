package handler

import (
	"cmp"
	"net/http"
	"slices"
)

// Match tells what Serve would do with a request: 200 where a route fits (or NotFound serves it), else 405 and the
// METHODs that have one, in order, or 404. An empty METHOD is MethodRequest. Of a mounted Handler that is no Mux it
// only sees where it is mounted, and says 200. A hit does not allocate.
func (m *Mux) Match(method, path string) (status int, allowed []string) {
	return m.base().match(methodOf(method), pathOf(path))
}

func (m *Mux) match(method, path string) (int, []string) {
	c := getContext()
	defer putContext(c)
	e := m.table.lookup(c, method, path)
	switch {
	case e == nil && m.notFound == nil:
		return verdict(m.table.allowed(c, path))
	case e == nil:
		if allowed := m.table.allowed(c, path); len(allowed) > 0 {
			return verdict(allowed)
		}
	case e.sub != nil:
		return e.sub.match(method, e.left(path, c.URLParams.Values))
	case e.methods != nil && !slices.Contains(e.methods, method):
		return verdict(slices.Clone(e.methods))
	}
	return http.StatusOK, nil
}

func verdict(allowed []string) (int, []string) {
	if len(allowed) == 0 {
		return http.StatusNotFound, nil
	}
	return http.StatusMethodNotAllowed, allowed
}

// Routes lists all routes with their whole patterns, those of mounted Muxes included, in the order of their patterns.
// A service tells them to the apps, which refuse at once what no instance serves. The list is never nil.
func (m *Mux) Routes() []Route {
	routes := m.base().appendRoutes([]Route{}, "", false)
	slices.SortFunc(routes, func(a, b Route) int {
		return cmp.Or(cmp.Compare(a.Pattern, b.Pattern), cmp.Compare(a.Method, b.Method))
	})
	return slices.Compact(routes)
}

// appendRoutes adds the routes of m, mounted at prefix. bare tells that the prefix itself leads into m too, with no
// more than "/" left of the path.
func (m *Mux) appendRoutes(routes []Route, prefix string, bare bool) []Route {
	add := func(method, pattern string) {
		routes = append(routes, Route{method, prefix + pattern})
		if bare && (pattern == "/" || pattern == "/*") {
			routes = append(routes, Route{method, prefix})
		}
	}
	half := false // the route before was the mount without its "/*"
	for _, e := range m.table.list {
		switch {
		case e.sub != nil && e.pattern.text == e.outer:
			half = true
			continue
		case e.sub != nil:
			routes = e.sub.appendRoutes(routes, prefix+e.outer, half)
		case e.methods != nil:
			for _, method := range e.methods {
				add(method, e.pattern.text)
			}
		default:
			add(e.method, e.pattern.text)
		}
		half = false
	}
	if m.notFound != nil && !m.inherits {
		add(AnyMethod, "/*")
	}
	return routes
}
