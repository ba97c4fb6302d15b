package main

import (
	"context"
	"embed"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/url"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/go-chi/chi/v5"
	"golang.org/x/sync/singleflight"

	"quartet/demos/internal/children"
	"quartet/demos/internal/page"
	"quartet/handler"
	"quartet/web"
)

//go:embed pages
var files embed.FS

var templates = page.Templates(files, "pages/*.html")

// pages are the page and what it shows from the two web processes.
type pages struct {
	options  options
	doors    [2]*door
	group    *children.Group
	log      *slog.Logger
	measurer measurer

	ctx    context.Context // of measurements; ends with drain
	stop   context.CancelFunc
	flight singleflight.Group // two measurements at once would measure each other
	latest atomic.Pointer[result]
}

func newPages(o options, doors [2]*door, group *children.Group, log *slog.Logger) *pages {
	p := &pages{options: o, doors: doors, group: group, log: log}
	p.measurer = measurer{client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256}}, atOnce: o.pictures}
	p.ctx, p.stop = context.WithCancel(context.Background())
	return p
}

// drain breaks off a measurement: it would be for nobody.
func (p *pages) drain(context.Context) { p.stop() }

func (p *pages) handler() http.Handler {
	r := chi.NewRouter()
	r.Get("/", p.home)
	r.Head("/", p.home)
	r.Post("/measure", p.measure)
	for _, d := range p.doors {
		r.Get("/"+d.name+"/*", p.proxy(d))
	}
	r.NotFound(func(w http.ResponseWriter, r *http.Request) {
		web.Error(w, r, handler.Errorf(http.StatusNotFound, "There is no such page."))
	})
	return page.Around(r, files)
}

// proxy shows a web process, so that this page may show its pictures.
func (p *pages) proxy(d *door) http.HandlerFunc {
	target, err := url.Parse(d.url)
	if err != nil {
		panic(err) // demo.URL makes none that cannot be read
	}
	proxy := &httputil.ReverseProxy{
		Rewrite:  func(r *httputil.ProxyRequest) { r.SetURL(target) },
		ErrorLog: slog.NewLogLogger(p.log.Handler(), slog.LevelWarn),
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			web.Error(w, r, &handler.Error{Status: http.StatusBadGateway, Reason: "The web process does not answer.", Err: err})
		},
	}
	return http.StripPrefix("/"+d.name, proxy).ServeHTTP
}

// result is a measurement.
type result struct {
	At         time.Time `json:"at"`
	Processors int       `json:"processors"`
	Nice       int       `json:"nice"`  // of the service
	Limit      bool      `json:"limit"` // see the flag
	Before     figures   `json:"before"`
	After      figures   `json:"after"`
	Equal      bool      `json:"equal"` // are the pictures
}

// measure measures both, or waits with whoever does so already, and shows the figures.
func (p *pages) measure(w http.ResponseWriter, r *http.Request) {
	v, err, _ := p.flight.Do("", func() (any, error) { return p.measureBoth() })
	if err != nil {
		p.log.Warn("the measurement failed", "err", err)
		web.Error(w, r, &handler.Error{Status: http.StatusServiceUnavailable, Reason: "The measurement failed. Try again in a moment."})
		return
	}
	w.Header().Add("Vary", "Accept")
	if web.Accepts(r, "text/html", "application/json") == "application/json" {
		p.json(w, r, v)
		return
	}
	http.Redirect(w, r, "/#figures", http.StatusSeeOther) // a reload shows them again, and measures nothing
}

func (p *pages) measureBoth() (*result, error) {
	ctx, cancel := context.WithTimeout(p.ctx, time.Minute)
	defer cancel()
	p.log.Info("measuring", "pictures", p.options.pictures)
	out := &result{At: time.Now(), Processors: runtime.NumCPU(), Nice: p.options.nice, Limit: p.options.limit}
	var err error
	if out.Before, err = p.measurer.measure(ctx, p.doors[0].url); err != nil {
		return nil, err
	}
	if out.After, err = p.measurer.measure(ctx, p.doors[1].url); err != nil {
		return nil, err
	}
	out.Equal = out.Before.Sum == out.After.Sum
	p.latest.Store(out)
	p.log.Info("measured", "before", time.Duration(out.Before.Light.P95), "after", time.Duration(out.After.Light.P95))
	return out, nil
}

func (p *pages) json(w http.ResponseWriter, r *http.Request, v any) {
	if err := web.JSON(w, r, http.StatusOK, v); err != nil {
		p.log.Error("the page failed", "err", err)
		web.Error(w, r, err)
	}
}
