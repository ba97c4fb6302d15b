package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"

	"quartet/handler"
	"quartet/service"
	"quartet/service/servicetest"
	"quartet/web"
)

// Offload refuses what is too large for a message with 414 and 431; there must be nothing that it lets through and the
// wire does not, whatever else travels in the message.
func TestWhatOffloadLetsThroughFitsAMessage(t *testing.T) {
	t.Parallel()
	c := servicetest.New(t, svc, web.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, values := range r.Header {
			if !strings.HasPrefix(name, "Trace") { // of the Trail
				w.Header()[name] = values // the answer is as large
			}
		}
	})), service.WithName(strings.Repeat("n", 256)))
	offload := web.Offload(c, svc)
	name := func(i int) string { return fmt.Sprintf("N%0255d", i) }
	trail := handler.Trail{RequestID: strings.Repeat("r", 128), TraceState: strings.Repeat("s", 512),
		TraceParent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
	for range handler.MaxHops {
		trail.Callers = append(trail.Callers, strings.Repeat("c", 256))
	}
	for what, fill := range map[string]func(h http.Header, n int){
		"one long value": func(h http.Header, n int) { h.Set("X", strings.Repeat("v", n)) },
		"many values": func(h http.Header, n int) {
			for i := range 512 {
				h.Add("X", strings.Repeat("v", (n+i)/512-1))
			}
		},
		"many long names": func(h http.Header, n int) {
			for i := range 111 {
				h.Set(name(i), strings.Repeat("v", (n-111*256+i)/111))
			}
		},
		"Latin-1": func(h http.Header, n int) { h.Set("X", strings.Repeat("\xe9", n/2)) },
	} {
		codes := map[int]int{}
		for n := 51 << 10; n < 53<<10; n += 31 {
			r := httptest.NewRequest("GET", "/"+strings.Repeat("a", 4095)+"?"+strings.Repeat("q", 100), nil)
			fill(r.Header, n)
			route := chi.NewRouteContext()
			route.RoutePath = "/" + strings.Repeat("a", 100)
			ctx := handler.WithTrail(r.Context(), trail)
			w := httptest.NewRecorder()
			offload.ServeHTTP(w, r.WithContext(context.WithValue(ctx, chi.RouteCtxKey, route)))
			codes[w.Code]++
		}
		if len(codes) != 2 || codes[200] == 0 || codes[431] == 0 {
			t.Errorf("%s: statuses %v, want 200 below the limit and 431 above", what, codes)
		}
	}
}
