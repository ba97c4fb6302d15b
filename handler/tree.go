package handler

import (
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/go-chi/chi/v5"
)

// tree finds the pattern that fits a path. It is a chi.Mux of which only Find is used, always with the same method of
// HTTP: METHODs are open-ended here, while chi's are one list for the whole process.
type tree struct{ mux *chi.Mux }

func newTree() tree { return tree{chi.NewMux()} }

// add registers a pattern, in place of one of the same shape. chi says by panic what it does not like.
func (t tree) add(pattern string) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = fmt.Errorf("%s", strings.TrimPrefix(fmt.Sprint(value), "chi: "))
		}
	}()
	t.mux.Method(http.MethodGet, pattern, http.NotFoundHandler())
	return nil
}

// find returns the pattern that fits path, or "". c then holds the values of its parameters.
func (t tree) find(c *chi.Context, path string) string {
	c.Reset()
	return t.mux.Find(c, http.MethodGet, path)
}

// contexts holds the routing contexts that find needs.
var contexts = sync.Pool{New: func() any { return chi.NewRouteContext() }}

func getContext() *chi.Context { return contexts.Get().(*chi.Context) }

// putContext keeps c for the next path, unless an odd one has made it big.
func putContext(c *chi.Context) {
	if cap(c.URLParams.Values) <= 64 {
		contexts.Put(c)
	}
}
