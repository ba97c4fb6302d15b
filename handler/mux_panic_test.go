package handler_test

import (
	"strings"
	"testing"

	"github.com/matryer/is"

	"quartet/handler"
)

func TestMuxPanicsAtRegistration(t *testing.T) {
	t.Parallel()
	h := says("x")
	tests := []struct {
		name string
		do   func(m *handler.Mux)
		want string
	}{
		{"an empty pattern", func(m *handler.Mux) { m.Handle("", h) }, `pattern "": it must begin with a slash`},
		{"no leading slash", func(m *handler.Mux) { m.Handle("a", h) }, `pattern "a": it must begin with a slash`},
		{"METHOD and pattern in one", func(m *handler.Mux) { m.Handle("get /a", h) }, "it must begin with a slash"},
		{"a brace not closed", func(m *handler.Mux) { m.Handle("/{a", h) }, "a closing } is missing"},
		{"a brace in a regexp not closed", func(m *handler.Mux) { m.Handle("/{a:[0-9]{2}", h) }, "a closing } is missing"},
		{"a parameter without a name", func(m *handler.Mux) { m.Handle("/{}", h) }, "no name for a parameter"},
		{"a regexp without a name", func(m *handler.Mux) { m.Handle("/{:a+}", h) }, "no name for a parameter"},
		{"a name for the rest", func(m *handler.Mux) { m.Handle("/{*}", h) }, "no name for a parameter"},
		{"a bad regexp", func(m *handler.Mux) { m.Handle("/{a:[}", h) }, `pattern "/{a:[}": invalid regexp pattern`},
		{"one name twice", func(m *handler.Mux) { m.Handle("/{a}/{a}", h) }, `the parameter "a" comes twice`},
		{"parameters side by side", func(m *handler.Mux) { m.Handle("/{a}{b}", h) }, "need text between them"},
		{"the rest right after a parameter", func(m *handler.Mux) { m.Handle("/{a}*", h) }, "need text between them"},
		{"the rest in the middle", func(m *handler.Mux) { m.Handle("/*/a", h) }, "* must come last"},
		{"the rest twice", func(m *handler.Mux) { m.Handle("/**", h) }, "* must come last"},
		{"a mount at a rest", func(m *handler.Mux) { m.Mount("/a/*", h) }, "* must come last"},
		{"a control character", func(m *handler.Mux) { m.Handle("/a\n", h) }, "control characters"},
		{"a pattern that no hello can carry", func(m *handler.Mux) { m.Handle("/"+strings.Repeat("a", 4096), h) }, "4096 bytes"},
		{"a METHOD in capitals", func(m *handler.Mux) { m.Method("GET", "/a", h) }, `METHOD "GET" is no lower-case token`},
		{"no METHOD", func(m *handler.Mux) { m.Method("", "/a", h) }, `METHOD "" is no lower-case token`},
		{"every METHOD by its sign", func(m *handler.Mux) { m.Method("*", "/a", h) }, `METHOD "*" is no lower-case token`},
		{"a nil Handler", func(m *handler.Mux) { m.Handle("/a", nil) }, `pattern "/a": nil Handler`},
		{"a nil Handler for NotFound", func(m *handler.Mux) { m.NotFound(nil) }, "nil Handler for NotFound"},
		{"a nil Handler to mount", func(m *handler.Mux) { m.Mount("/a", nil) }, `pattern "/a": nil Handler`},
		{"a nil func for Route", func(m *handler.Mux) { m.Route("/a", nil) }, `pattern "/a": nil func`},
		{"a nil Middleware", func(m *handler.Mux) { m.Use(nil) }, "nil Middleware"},
		{"a nil Middleware for With", func(m *handler.Mux) { m.With(nil) }, "nil Middleware"},

		{"the same route twice", func(m *handler.Mux) { m.Handle("/a", h); m.Handle("/a", h) }, `METHOD "*" has the route "/a" already`},
		{"the same METHOD twice", func(m *handler.Mux) { m.Method("get", "/a", h); m.Method("get", "/a", h) }, `METHOD "get" has the route "/a" already`},
		{"another name, the same shape", func(m *handler.Mux) { m.Handle("/{a}", h); m.Handle("/{b}", h) }, `has the route "/{a}" already`},
		{"another name, the same regexp", func(m *handler.Mux) { m.Handle("/{a:x+}", h); m.Handle("/{b:^x+$}", h) }, `has the route "/{a:x+}" already`},
		{"a mount on a mount", func(m *handler.Mux) { m.Mount("/a", h); m.Mount("/a", h) }, `has the route "/a" already`},
		{"a mount on a rest", func(m *handler.Mux) { m.Handle("/a/*", h); m.Mount("/a", h) }, `has the route "/a/*" already`},
		{"a late duplicate for every METHOD", func(m *handler.Mux) { m.Handle("/a", h); m.Method("get", "/a", h); m.Handle("/a", h) }, "already"},

		{"a late Use", func(m *handler.Mux) { m.Handle("/a", h); m.Use(tags("x")) }, "Use must come before the first route"},
		{"a Use after NotFound", func(m *handler.Mux) { m.NotFound(h); m.Use(tags("x")) }, "Use must come before the first route"},
		{"a Use after a route of With", func(m *handler.Mux) { m.With().Handle("/a", h); m.Use(tags("x")) }, "Use must come before the first route"},
		{"a late Use of With", func(m *handler.Mux) { w := m.With(); w.Handle("/a", h); w.Use(tags("x")) }, "Use must come before the first route"},
		{"a Use after the first request", func(m *handler.Mux) { ask(m, "get", "/"); m.Use(tags("x")) }, "Use must come before the first route"},
		{"a route after the first request", func(m *handler.Mux) { ask(m, "get", "/"); m.Handle("/a", h) }, "before the first request"},

		{"a Mux in itself", func(m *handler.Mux) { m.Mount("/a", m) }, "cannot be mounted in itself"},
		{"a Mux in itself by way of With", func(m *handler.Mux) { m.With().Mount("/a", m.With()) }, "cannot be mounted in itself"},
		{"a Mux in one mounted in it", func(m *handler.Mux) {
			sub := m.Route("/a", func(*handler.Mux) {})
			sub.Mount("/b", m)
		}, "cannot be mounted in itself"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			got := panicOf(t, func() { tt.do(new(handler.Mux)) })
			is.True(strings.HasPrefix(got, "handler: ")) // the panic says where to look
			if !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want %q in it", got, tt.want)
			}
		})
	}
}

func TestMuxTakesNearMisses(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	h := says("x")
	var m handler.Mux
	for _, pattern := range []string{
		"/{a}", "/{a}/", "/{a}/{b}", "/{a}-{b}", "/{a}.txt", "/{a:[0-9]+}", "/{a:[0-9]*}", "/{a:[0-9]{2,3}}", "/{a:}",
		"/*", "/a*", "/a/*", "//", "/é", "/a b", "/}", "/{a:x+}/{b:y+}",
	} {
		m.Handle(pattern, h) // none of these is a duplicate of another, and none is bad
	}
	is.Equal(len(m.Routes()), 17)
	m.Method("get", "/{other}", h) // another name is fine for one METHOD
	m.Method("head", "/{one}", h)  // and head beside get as well
}
