package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/matryer/is"

	"quartet/web"
)

// tell shows what a handler learns of where it is.
func tell(w http.ResponseWriter, r *http.Request) {
	param := func(name string) string { return chi.URLParam(r, name) + "," + r.PathValue(name) }
	fmt.Fprintf(w, "%s %q %q tenant %q id %q rest %q odd %q",
		r.Method, r.URL.Path, r.RequestURI, param("tenant"), param("id"), param("*"), param("a=b&c%"))
}

// reports is a router that somebody has mounted below /t/{tenant}/reports and now moves to another process.
func reports() http.Handler {
	router := chi.NewRouter()
	router.Use(middleware.GetHead)
	router.Get("/", tell)
	router.Get("/{id}", tell)
	router.Post("/{id}", tell)
	router.Get("/files/*", tell)
	router.Route("/{id}/pages", func(r chi.Router) { r.Get("/{page}", tell) })
	return router
}

// gets is a router that leaves HEAD to whoever stands before it.
func gets() http.Handler {
	router := chi.NewRouter()
	router.Get("/got/{id}", tell)
	return router
}

// site mounts it, in all the ways that chi users mount.
func site(reports func(http.Handler) http.Handler, moved http.Handler) http.Handler {
	site := chi.NewRouter()
	site.Use(middleware.StripSlashes, middleware.GetHead)
	site.Route("/t/{tenant}", func(r chi.Router) { r.Mount("/reports", reports(moved)) })
	site.Mount("/plain", reports(moved))
	site.Mount("/wrapped", reports(http.HandlerFunc(moved.ServeHTTP))) // no router that chi could ask
	site.Get("/got/{id}", reports(gets()).ServeHTTP)
	site.Handle("/one/{id}/{tenant}", reports(http.HandlerFunc(tell)))
	site.Handle("/routed/{tenant}", reports(moved)) // a router that was not mounted goes by the whole path
	site.Handle("/whole/*", reports(http.HandlerFunc(tell)))
	site.Handle("/odd/{a=b&c%}/*", reports(http.HandlerFunc(tell)))
	return site
}

func TestMountedRouterMovesByOneLine(t *testing.T) {
	t.Parallel()
	stays := func(h http.Handler) http.Handler { return h }
	moves := func(h http.Handler) http.Handler { return offloaded(t, h) }
	direct := world{addr: listen(t, site(stays, reports()))}
	via := world{addr: listen(t, site(moves, reports()))}
	for _, method := range []string{"GET", "POST", "HEAD", "DELETE"} {
		for _, target := range []string{
			"/t/acme/reports", "/t/acme/reports/", "/t/acme/reports/7", "/t/acme/reports/7/", "/t/%C3%A4%20%00/reports/%C3%B6%0D%0A",
			"/t/a%2Fb/reports/c%2Fd", "/t/=&+%25/reports/+%26%3D", "/t/acme/reports/files/a//b", "/t/acme/reports/7/pages/8", "/t/acme/reports/7/8/9",
			"/plain/7", "/plain", "/plain//", "/wrapped/7", "/got/7", "/one/7/acme", "/one/a%2Fb/%2B+", "/routed/7", "/none", "/whole/a/b?c", "/odd/d=e%20&/f",
		} {
			send := request(method, target, "")
			want := talk(t, direct.dial(t), send, method)
			if got := talk(t, via.dial(t), send, method); !reflect.DeepEqual(got, want) {
				t.Errorf("%s %s\n got %v\nwant %v", method, target, got, want)
			}
		}
	}
}

// What http.StripPrefix leaves of a path is sent; the URI cannot differ from it on the other side.
func TestStrippedPathBeginsWithASlash(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	for _, prefix := range []string{"/strip", "/strip/"} {
		via := world{addr: listen(t, http.StripPrefix(prefix, offloaded(t, http.HandlerFunc(echo))))}
		for target, want := range map[string]seen{
			"/strip/a?b": {Path: "/a", URI: "/a?b"}, "/strip/a%2Fb": {Path: "/a/b", RawPath: "/a%2Fb", URI: "/a%2Fb"}, "/strip/": {Path: "/", URI: "/"},
		} {
			var got seen
			a := talk(t, via.dial(t), get(target), "GET")[0]
			is.NoErr(json.Unmarshal([]byte(a.body), &got))                           // it came to the handler
			is.Equal(seen{Path: got.Path, RawPath: got.RawPath, URI: got.URI}, want) // without the prefix, with a slash
		}
	}
}

// A handler that is no chi router routes by the whole path, wherever it is mounted.
func TestMountedServeMuxMoves(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/things/{id}", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "thing ", r.PathValue("id")) })
	front := func(h http.Handler) world {
		router := chi.NewRouter()
		router.Mount("/api", h)
		return world{addr: listen(t, router)}
	}
	direct, via := front(mux), front(web.Offload(offloadClient(t, mux), svc))
	for _, target := range []string{"/api/things/7", "/api/things/a%2Fb", "/api//things/7", "/api/none", "/api/things/../things/7"} {
		want, got := talk(t, direct.dial(t), get(target), "GET"), talk(t, via.dial(t), get(target), "GET")
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s\n got %v\nwant %v", target, got, want)
		}
	}
}
