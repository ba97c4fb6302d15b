package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/web"
)

// What an app sends past Offload comes to an HTTP handler without control characters as well.
func TestInjectionByAnotherApp(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	served := 0
	h := web.Serve(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		served++
		for _, s := range []string{r.Method, r.RequestURI, r.Host, r.RemoteAddr, r.URL.RawQuery} {
			is.Equal(controlsIn(s), "") // nothing beside the header either
		}
		for name, values := range r.Header {
			is.Equal(controlsIn(name+strings.Join(values, "")), "")
			is.True(!strings.HasPrefix(strings.ToLower(name), "quartet-")) // reserved fields are not shown
		}
	}))
	for _, bad := range nasty {
		for _, header := range []map[string][]string{
			{"x": {bad}}, {"x": {bad}, "quartet-latin-1": {"x"}}, {"quartet-host": {bad}}, {"quartet-remote-addr": {bad}}, {"quartet-query": {bad}},
			{"quartet-scheme": {bad}}, {"quartet-route": {bad, bad}}, {bad: {"x"}}, {"quartet-" + bad: {"x"}},
		} {
			_, err := h.Serve(t.Context(), &handler.Request{Path: "/", Method: "get", Header: header})
			is.True(err == nil || handler.StatusOf(err) == 400)
		}
	}
	is.True(served > 5*len(nasty)) // most of them are harmless by then
}
