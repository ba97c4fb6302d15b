// Package site is the web site of the demos: a home page and the two slow pages, whoever does the work behind them.
package site

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"

	"quartet/handler"
	"quartet/web"
)

// Service is the name of the service that the app is to a front door.
const Service = "app"

// Work is what the slow pages show: the same job with its result awaited, and with its result left to come.
type Work interface {
	// Sync does the work and returns its text.
	Sync(ctx context.Context, delay time.Duration) (text string, err error)
	// Async starts the work and returns at once. The id is the one that the receipt will carry.
	Async(ctx context.Context, delay time.Duration) (id string, err error)
}

// Site serves the pages. Its fields are read only once Handler was called.
type Site struct {
	Name     string                      // of the program
	Away     bool                        // the work is done in another process
	Front    bool                        // visitors come through a front door
	Work     Work                        // behind the slow pages
	Receipts *Receipts                   // what came back from Async
	Ready    func(context.Context) error // nil: always ready
	Log      *slog.Logger

	gate gate
}

// Drain ends the service to new visitors: from now on /readyz answers 503, so that a load balancer sends its visitors
// elsewhere, and after Farewell so do the slow pages. It returns when those that were under way are done, or ctx is.
func (s *Site) Drain(ctx context.Context) { s.gate.drain(ctx) }

// Handler is the site's routes.
func (s *Site) Handler() http.Handler {
	mux := chi.NewMux()
	mux.Use(secure, readOnly)
	mux.NotFound(func(w http.ResponseWriter, r *http.Request) {
		web.Error(w, r, &handler.Error{Status: http.StatusNotFound, Reason: "There is no such page."})
	})
	mux.HandleFunc("/", s.home)
	mux.HandleFunc("/service/sync", s.slow(s.sync))
	mux.HandleFunc("/service/async", s.slow(s.async))
	mux.HandleFunc("/receipts", s.receipts)
	mux.HandleFunc("/healthz", healthz)
	mux.HandleFunc("/readyz", s.gate.readyz(s.Ready, "No instance of the service is there."))
	for name, file := range assets {
		mux.Handle("/assets/"+name, file)
	}
	return mux
}
