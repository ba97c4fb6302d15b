package handler_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/matryer/is"

	"quartet/handler"
)

func TestMuxRoutes(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var m handler.Mux
	m.Method("post", "/a/{id}", says(""))
	m.Method("get", "/a/{id}", says(""))
	m.With(tags("x")).Handle("/b", handler.ByMethod(func() *page { return &page{} }))
	m.Handle("/c", says(""))
	m.Route("/s/{id}", func(m *handler.Mux) {
		m.Method("get", "/", says(""))
		m.Method("get", "/x", says(""))
		m.Route("/deep/", func(m *handler.Mux) { m.Method("get", "/", says("")) })
		m.Route("/own", func(m *handler.Mux) { m.NotFound(says("")) })
	})
	m.Mount("/o", says(""))
	is.Equal(listed(&m), strings.Join([]string{
		"get /a/{id}", "post /a/{id}",
		"get /b", "head /b", "options /b",
		"* /c",
		"* /o", "* /o/*",
		"get /s/{id}", "get /s/{id}/", "get /s/{id}/deep/",
		"* /s/{id}/own", "* /s/{id}/own/*",
		"get /s/{id}/x",
	}, "\n")) // whole patterns, in order

	m.NotFound(says(""))
	is.True(strings.Contains(listed(&m), "* /*\n"))       // a Mux with NotFound answers everything
	is.True(!strings.Contains(listed(&m), "* /s/{id}/*")) // which is told once
	is.Equal(m.With().Routes(), m.Routes())               // With has the same routes
}

func listed(m *handler.Mux) string {
	var lines []string
	for _, r := range m.Routes() {
		lines = append(lines, r.Method+" "+r.Pattern)
	}
	return strings.Join(lines, "\n")
}

func TestMatcher(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	m, err := handler.NewMatcher([]handler.Route{
		{"get", "/a/{id:[0-9]+}"}, {"post", "/a/{id}"}, {"*", "/any"}, {"put", "/any/x"}, {"head", "/h"},
		{"get", "/twice/{id}/x/{id}"}, // as a mount makes them
	})
	is.NoErr(err)
	for _, tt := range []struct{ name, method, path, want string }{
		{"a regexp", "get", "/a/1", "200"},
		{"nearly that regexp", "get", "/a/x", "405 post"},
		{"another METHOD of both", "put", "/a/1", "405 get head post"},
		{"head falls back to get", "head", "/a/1", "200"},
		{"get does not fall back to head", "get", "/h", "405 head"},
		{"every METHOD", "frobnicate", "/any", "200"},
		{"no METHOD is request", "", "/any/x", "405 put"},
		{"no such path", "get", "/nothing", "404"},
		{"no path", "get", "", "404"},
		{"one name twice", "get", "/twice/1/x/2", "200"},
	} {
		status, allowed := m.Match(tt.method, tt.path)
		is.Equal(strings.Join(append([]string{fmt.Sprint(status)}, allowed...), " "), tt.want) // tt.name
	}
}

func TestMatcherWithoutRoutes(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var none *handler.Matcher
	untold, err := handler.NewMatcher(nil)
	is.NoErr(err)
	for _, m := range []*handler.Matcher{none, untold, {}} {
		status, _ := m.Match("get", "/a")
		is.Equal(status, 200) // routes that were not told refuse nothing
	}
	empty, err := handler.NewMatcher([]handler.Route{})
	is.NoErr(err)
	status, _ := empty.Match("get", "/a")
	is.Equal(status, 404) // an empty list refuses everything
}

func TestMatcherRefusesBadRoutes(t *testing.T) {
	t.Parallel()
	repeat := func(n int, route func(i int) handler.Route) (routes []handler.Route) {
		for i := range n {
			routes = append(routes, route(i))
		}
		return routes
	}
	for name, routes := range map[string][]handler.Route{
		"no pattern":           {{"get", ""}},
		"no slash":             {{"get", "a"}},
		"an open brace":        {{"get", "/{"}},
		"a bad regexp":         {{"get", "/{a:(}"}},
		"an unbalanced regexp": {{"get", "/{a:x)|(y}"}},
		"the rest in between":  {{"get", "/*/a"}},
		"no METHOD":            {{"", "/a"}},
		"a METHOD in capitals": {{"GET", "/a"}},
		"an endless pattern":   {{"get", "/" + strings.Repeat("a", 5000)}},
		"too many parameters":  {{"get", strings.Repeat("/{a}", 40)}},
		"too many METHODs":     repeat(65, func(i int) handler.Route { return handler.Route{fmt.Sprint("m", i), "/a"} }),
		"too many routes":      repeat(4097, func(i int) handler.Route { return handler.Route{"get", fmt.Sprint("/", i)} }),
		"too many ways through": repeat(600, func(i int) handler.Route {
			return handler.Route{"get", fmt.Sprint("/", i, "/{a}/{b}/{c}/{d}/{e}/{f}/{g}")}
		}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			m, err := handler.NewMatcher(routes)
			is.True(m == nil && err != nil)  // an error, not a panic
			is.True(len(err.Error()) < 1000) // that fits in a log line
		})
	}
	is := is.New(t)
	_, err := handler.NewMatcher(repeat(4096, func(i int) handler.Route { return handler.Route{"get", fmt.Sprint("/", i, "/{a}/{b}")} }))
	is.NoErr(err) // a big service is not too big
}

// {1000} in a few bytes is a thousand copies; a hello full of them would take all memory.
func TestMatcherBoundsRegexps(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	big := "/{a:" + strings.Repeat("x{1000}", 50) + "}"
	m, err := handler.NewMatcher([]handler.Route{{"get", "/n/{a:[0-9]+}"}, {"get", big}})
	is.NoErr(err)
	status, _ := m.Match("get", "/y")
	is.Equal(status, 200) // what is too big to compile matches anything: the other side decides
	status, _ = m.Match("get", "/n/y")
	is.Equal(status, 404) // what came before is as told
	status, _ = m.Match("get", "/a/b")
	is.Equal(status, 404)
}

// chi tries an empty parameter in two ways; without a bound, this test would not end in a lifetime.
func TestMatcherBoundsTime(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	m, err := handler.NewMatcher([]handler.Route{{"get", strings.Repeat("/{a}", 16) + "/x"}})
	is.NoErr(err)
	status, _ := m.Match("get", strings.Repeat("/", 4096))
	is.Equal(status, 404) // milliseconds later
}

// What the Matcher of a Mux's own routes refuses, the Mux refuses; and it lets pass nearly only what the Mux serves.
func TestMatcherAgreesWithMux(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	random := rand.New(rand.NewPCG(1, 2))
	segments := []string{"/a", "/b", "/{p}", "/{p:[0-9]+}", "/{p}.txt", "/a{p}", "/"}
	words := []string{"/a", "/b", "/1", "/1.txt", "/ab", "/", "/a1"}
	methods := []string{"get", "head", "post", "*"}
	wrong, tries := 0, 0
	for range 300 {
		m := randomMux(random, segments, methods, 2)
		matcher, err := handler.NewMatcher(m.Routes())
		is.NoErr(err) // own routes can always be told
		for range 30 {
			path := ""
			for range 1 + random.IntN(4) {
				path += words[random.IntN(len(words))]
			}
			method := []string{"get", "head", "post", "request"}[random.IntN(4)]
			said, _ := matcher.Match(method, path)
			does, _ := m.Match(method, path)
			is.Equal(does == 200, !strings.HasPrefix(ask(m, method, path), "40")) // Match does as Serve
			if said != 200 {
				is.True(does != 200) // never refuse what would be served
			} else if tries++; does != 200 {
				wrong++
			}
		}
	}
	t.Logf("%d of %d let pass in vain", wrong, tries)
	is.True(wrong*10 < tries) // and seldom ask in vain
}

func randomMux(random *rand.Rand, segments, methods []string, depth int) *handler.Mux {
	m := new(handler.Mux)
	for range 1 + random.IntN(6) {
		pattern := ""
		for i := range 1 + random.IntN(3) {
			pattern += strings.Replace(segments[random.IntN(len(segments))], "p", fmt.Sprint("p", i), 1)
		}
		func() {
			defer func() { _ = recover() }() // a duplicate
			switch method := methods[random.IntN(len(methods))]; {
			case depth > 0 && random.IntN(4) == 0:
				m.Mount(pattern, randomMux(random, segments, methods, depth-1))
			case method == "*":
				m.Handle(pattern, says("x"))
			default:
				m.Method(method, pattern, says("x"))
			}
		}()
	}
	return m
}

type page struct{}

func (*page) Get(context.Context, *handler.Request) (*handler.Response, error) {
	return handler.Text("get"), nil
}
