package web

import (
	"crypto/rand"
	"maps"
	"net/http"
	"strings"

	"quartet/handler"
)

// RequestID is a middleware for pages that gives each request a name, which all calls have that the page makes with its
// context. That is, in this order: the id that the context has already (in a service, behind [Serve], that of the app),
// the client's X-Request-Id if handler.ValidRequestID, or a new random one. The client is told it in X-Request-Id, and the
// page finds it there, too, or with handler.TrailFrom.
//
// A traceparent of the client (W3C Trace Context) goes along with its tracestate, unless it is not valid or the context
// has one already. What a client says of either is a name, not a proof.
//
// It comes before [AccessLog], or right after it:
//
//	router.Use(web.RequestID, web.AccessLog(log))
func RequestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t, _ := handler.TrailFrom(r.Context())
		if t.RequestID == "" {
			t.RequestID = r.Header.Get(requestIDField)
		}
		if !handler.ValidRequestID(t.RequestID) {
			t.RequestID = rand.Text()
		}
		if parents := r.Header.Values("Traceparent"); t.TraceParent == "" && len(parents) == 1 {
			t.TraceParent, t.TraceState = parents[0], strings.Join(r.Header.Values("Tracestate"), ",")
		}
		w.Header().Set(requestIDField, t.RequestID)
		r = r.WithContext(handler.WithTrail(r.Context(), t))
		if told := r.Header.Values(requestIDField); len(told) != 1 || told[0] != t.RequestID {
			header := make(http.Header, len(r.Header)+1)
			maps.Copy(header, r.Header)
			header.Set(requestIDField, t.RequestID)
			r.Header = header
		}
		next.ServeHTTP(w, r)
	})
}
