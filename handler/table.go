package handler

import (
	"slices"

	"github.com/go-chi/chi/v5"
)

// entry is one route of a Mux.
type entry struct {
	method  string // AnyMethod for every METHOD
	pattern *pattern
	names   []string // of the parameters, in order
	handler Handler
	methods []string // where the handler tells which METHODs it answers (ByMethod): those; nil for all

	mount bool   // the handler routes what is left of the path
	outer string // the pattern of a mount without its "/*"
	sub   *Mux   // what is mounted, where that is a Mux
}

// left returns the part of path that is left for what is mounted. It begins with a slash.
func (e *entry) left(path string, values []string) string {
	if e.pattern.text == e.outer {
		return "/"
	}
	return path[len(path)-len(values[len(values)-1])-1:]
}

// fits refuses a match that chi should not have made: it takes an empty segment for a parameter with a regexp
// without asking the regexp ("/{id:[0-9]+}/x" would match "//x").
func (e *entry) fits(values []string) bool {
	for i, part := range e.pattern.parts {
		if part.strict && (i >= len(values) || values[i] == "") {
			return false
		}
	}
	return true
}

// rank orders the routes of one shape in the tree of one METHOD: the highest one wins.
type rank int

const (
	rankAny      rank = iota // registered for every METHOD
	rankFallback             // registered for get, in the tree of head
	rankOwn                  // registered for this METHOD
)

// methodTree holds all that one METHOD can reach.
type methodTree struct {
	tree
	shapes  map[string]ranked
	entries map[string]*entry // by the text of the pattern, which is what find returns
}

type ranked struct {
	*entry
	rank rank
}

func newMethodTree() *methodTree {
	return &methodTree{newTree(), map[string]ranked{}, map[string]*entry{}}
}

// insert adds e unless a route of its shape has a higher rank. It returns the route of the same shape and rank that
// is there already, or an error of chi's.
func (t *methodTree) insert(e *entry, r rank) (*entry, error) {
	shape := e.pattern.shape()
	if old, ok := t.shapes[shape]; ok {
		switch {
		case old.rank == r:
			return old.entry, nil
		case old.rank > r:
			return nil, nil
		}
		delete(t.entries, old.pattern.text)
	}
	if err := t.add(e.pattern.text); err != nil {
		return nil, err
	}
	t.shapes[shape], t.entries[e.pattern.text] = ranked{e, r}, e
	return nil, nil
}

func (t *methodTree) lookup(c *chi.Context, path string) *entry {
	e := t.entries[t.find(c, path)]
	if e == nil || !e.fits(c.URLParams.Values) {
		return nil
	}
	return e
}

// table holds the routes of a Mux: one tree for each METHOD that was named, and one for all others.
type table struct {
	trees map[string]*methodTree
	names []string // of the trees, in order
	rest  *methodTree
	list  []*entry
}

// insert adds e to every tree it belongs to. See methodTree.insert for what it returns.
func (t *table) insert(e *entry) (old *entry, err error) {
	t.list = append(t.list, e)
	if e.method != AnyMethod {
		old, err = t.tree(e.method).insert(e, rankOwn)
		if e.method == MethodGet && old == nil && err == nil {
			old, err = t.tree(MethodHead).insert(e, rankFallback)
		}
		return old, err
	}
	if t.rest == nil {
		t.rest = newMethodTree()
	}
	if old, err = t.rest.insert(e, rankAny); old != nil || err != nil {
		return old, err
	}
	for _, tree := range t.trees {
		if _, err := tree.insert(e, rankAny); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// tree returns the tree of a METHOD. A new one begins with the routes for every METHOD, which chi has taken before.
func (t *table) tree(method string) *methodTree {
	if tree, ok := t.trees[method]; ok {
		return tree
	}
	tree := newMethodTree()
	for _, e := range t.list { // in order: among regexps the one registered first wins
		if e.method == AnyMethod {
			_, _ = tree.insert(e, rankAny)
		}
	}
	if t.trees == nil {
		t.trees = make(map[string]*methodTree)
	}
	t.trees[method] = tree
	t.names = append(t.names, method)
	slices.Sort(t.names)
	return tree
}

// lookup returns the route for METHOD and path, or nil. c then holds the values of its parameters.
func (t *table) lookup(c *chi.Context, method, path string) *entry {
	if tree := t.trees[method]; tree != nil {
		return tree.lookup(c, path)
	}
	if t.rest == nil {
		return nil
	}
	return t.rest.lookup(c, path)
}

// allowed lists the METHODs that have a route of their own for path, in order.
func (t *table) allowed(c *chi.Context, path string) (methods []string) {
	for _, method := range t.names {
		if e := t.trees[method].lookup(c, path); e != nil && e.method != AnyMethod {
			methods = append(methods, method)
		}
	}
	return methods
}
