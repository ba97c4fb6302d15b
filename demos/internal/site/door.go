package site

import (
	"context"
	"net/http"

	"quartet/service"
	"quartet/web"
)

// Door stands before a site whose pages are made elsewhere. It passes every request on as it is, but for those to
// /healthz and /readyz, which ask after this process. Its fields are read only once Handler was called.
type Door struct {
	Pages http.Handler                // where requests go
	Ready func(context.Context) error // whether somebody is there to make pages right now

	gate gate
}

// Drain ends the service to new visitors: from now on /readyz answers 503, and after Farewell so does every page. It
// returns when the pages that were under way are done, or ctx is.
func (d *Door) Drain(ctx context.Context) { d.gate.drain(ctx) }

// Handler is the door's routes. No router stands here: it would have a say in methods and paths, which the site has.
func (d *Door) Handler() http.Handler {
	own := map[string]http.Handler{
		"/healthz": secure(readOnly(http.HandlerFunc(healthz))),
		"/readyz":  secure(readOnly(d.gate.readyz(d.Ready, "No app is there."))),
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if probe := own[r.URL.Path]; probe != nil {
			probe.ServeHTTP(w, r)
			return
		}
		if !d.gate.enter() {
			web.Error(w, r, service.ErrClosed)
			return
		}
		defer d.gate.leave()
		d.Pages.ServeHTTP(w, r)
	})
}
