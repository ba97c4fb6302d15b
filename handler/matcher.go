package handler

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp/syntax"
	"slices"

	"github.com/go-chi/chi/v5"

	"quartet/transport/wire"
)

// Limits of the routes that NewMatcher takes, so that a peer cannot tie up the process that asks it. They are far
// beyond what a service has: see wire.MaxRoutes too.
const (
	maxMatcherMethods = 64      // METHODs
	maxMatcherCost    = 1 << 16 // ways through the patterns that one path can take: 2^parameters for each
	maxMatcherRegexps = 1 << 15 // bytes and instructions of all regexps; those beyond match anything
)

// Matcher tells what routes another process told would fit, without their handlers. Its zero value and nil say that
// everything fits. It may be used from many goroutines at once.
//
// It errs on the side of asking: what it refuses the other process would refuse too, while that may still refuse what
// the Matcher lets pass.
type Matcher struct {
	told    bool
	any     tree            // the routes for every METHOD
	methods map[string]tree // and those for one
	names   []string        // of the METHODs, in order
}

// NewMatcher returns a Matcher of routes that a peer told. Nil routes were not told, and everything fits; an empty
// list fits nothing. The routes need not be trusted: the error says what is wrong with them, or that there are too many.
func NewMatcher(routes []Route) (m *Matcher, err error) {
	defer func() { // parsePattern knows chi's grammar; should they ever differ, no peer can use it
		if value := recover(); value != nil {
			m, err = nil, fmt.Errorf("handler: routes: %v", value)
		}
	}()
	if routes == nil {
		return &Matcher{}, nil
	}
	if len(routes) > wire.MaxRoutes {
		return nil, fmt.Errorf("handler: routes: more than %d", wire.MaxRoutes)
	}
	b := matcherBuilder{Matcher: &Matcher{told: true, any: newTree(), methods: map[string]tree{}}}
	for _, r := range routes {
		if err := b.add(r); err != nil {
			return nil, fmt.Errorf("handler: route %.64q %.256q: %w", r.Method, r.Pattern, err)
		}
	}
	b.names = slices.Sorted(maps.Keys(b.methods))
	return b.Matcher, nil
}

// Match returns 200 where a route fits, else 405 and the METHODs that have one, in order, or 404: see NoRoute.
// An empty METHOD is MethodRequest, and head falls back to get. A hit does not allocate.
func (m *Matcher) Match(method, path string) (status int, allowed []string) {
	if m == nil || !m.told {
		return http.StatusOK, nil
	}
	method, path = methodOf(method), pathOf(path)
	c := getContext()
	defer putContext(c)
	if m.any.find(c, path) != "" || m.finds(c, method, path) {
		return http.StatusOK, nil
	}
	for _, name := range m.names {
		if m.finds(c, name, path) {
			allowed = append(allowed, name)
		}
	}
	if slices.Contains(allowed, MethodGet) && !slices.Contains(allowed, MethodHead) {
		allowed = append(allowed, MethodHead)
		slices.Sort(allowed)
	}
	return verdict(allowed)
}

func (m *Matcher) finds(c *chi.Context, method, path string) bool {
	if t, ok := m.methods[method]; ok && t.find(c, path) != "" {
		return true
	}
	return method == MethodHead && m.finds(c, MethodGet, path)
}

type matcherBuilder struct {
	*Matcher
	cost    int
	regexps int
}

func (b *matcherBuilder) add(r Route) error {
	t, err := b.tree(r.Method)
	if err != nil {
		return err
	}
	p, err := parsePattern(r.Pattern)
	if err != nil {
		return err
	}
	// chi tries an empty parameter twice, so that slashes in a row can double the work at each of them.
	if b.cost += 1 << min(len(p.names()), 32); b.cost > maxMatcherCost {
		return errors.New("too many parameters in all")
	}
	for i := range p.parts {
		if err := b.limit(&p.parts[i]); err != nil {
			return err
		}
	}
	return t.add(p.numbered())
}

func (b *matcherBuilder) tree(method string) (tree, error) {
	if method == AnyMethod {
		return b.any, nil
	}
	if t, ok := b.methods[method]; ok {
		return t, nil
	}
	if !wire.ValidMethod(method) {
		return tree{}, errors.New("no METHOD")
	}
	if len(b.methods) == maxMatcherMethods {
		return tree{}, fmt.Errorf("more than %d METHODs", maxMatcherMethods)
	}
	t := newTree()
	b.methods[method] = t
	return t, nil
}

// limit makes a regexp match anything that would take too much memory or time to compile: {1000} in a few bytes is a
// thousand copies.
func (b *matcherBuilder) limit(p *part) error {
	if b.regexps += len(p.regexp); b.regexps > maxMatcherRegexps {
		p.regexp = ""
		return nil
	}
	expr, err := syntax.Parse(p.regexp, syntax.Perl)
	if err != nil {
		return err
	}
	if b.regexps += weight(expr); b.regexps > maxMatcherRegexps {
		p.regexp = ""
	}
	return nil
}

// weight is about the number of instructions that a regexp compiles to.
func weight(expr *syntax.Regexp) int {
	n := 1 + len(expr.Rune)
	for _, sub := range expr.Sub {
		n = min(n+weight(sub), maxMatcherRegexps+1)
	}
	if expr.Op == syntax.OpRepeat {
		n *= max(1, expr.Min, expr.Max)
	}
	return min(n, maxMatcherRegexps+1)
}
