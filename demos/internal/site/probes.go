package site

import (
	"context"
	"net/http"
	"time"

	"quartet/handler"
	"quartet/web"
)

// healthz says that the process runs; it says nothing about others.
func healthz(w http.ResponseWriter, _ *http.Request) {
	_, _ = w.Write([]byte("ok\n"))
}

// readyz says whether the process still takes visitors, and whom it needs is there right now; ready nil means nobody.
func (g *gate) readyz(ready func(context.Context) error, missing string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 100*time.Millisecond)
		defer cancel()
		switch {
		case g.closing():
			web.Error(w, r, notReady("The process is shutting down."))
		case ready != nil && ready(ctx) != nil:
			web.Error(w, r, notReady(missing))
		default:
			_, _ = w.Write([]byte("ready\n"))
		}
	}
}

func notReady(reason string) error {
	return &handler.Error{
		Status: http.StatusServiceUnavailable,
		Reason: reason,
		Header: map[string][]string{"retry-after": {"1"}},
	}
}
