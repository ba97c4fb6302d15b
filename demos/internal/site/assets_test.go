package site_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/matryer/is"
)

func TestAssetsAreRevalidated(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	h := newSite(fake{}).Handler()
	first := get(h, "/assets/site.css", "")
	is.Equal(first.Header().Get("Cache-Control"), "no-cache") // may be kept, must be asked about
	r := httptest.NewRequest(http.MethodGet, "/assets/site.css", nil)
	r.Header.Set("If-None-Match", first.Header().Get("Etag"))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	is.Equal(w.Code, http.StatusNotModified)
}
