package main

import (
	"net/http"
	"runtime"
	"strings"

	"quartet/demos/internal/page"
	"quartet/web"
)

// home is what the page shows.
type home struct {
	page.Head
	Lines      [2]string // of code
	Pictures   int
	Processors int
	Nice       int
	Limit      bool
	Sites      [2]site
	Latest     *result // nil before the first measurement
}

// site is one of the two web processes.
type site struct {
	Name, URL string
	PID, Draw int // who serves, who draws; 0 where the process is not there
}

// home shows the page, with the latest figures. As JSON it is these alone, null where there are none yet.
func (p *pages) home(w http.ResponseWriter, r *http.Request) {
	latest := p.latest.Load()
	w.Header().Add("Vary", "Accept")
	if web.Accepts(r, "text/html", "application/json") == "application/json" {
		p.json(w, r, latest)
		return
	}
	data := home{
		Head:       page.Head{Program: "move", Title: "One line moves a route · move", Style: "move.css", Script: "move.js"},
		Pictures:   p.options.pictures,
		Processors: runtime.NumCPU(),
		Nice:       p.options.nice,
		Limit:      p.options.limit,
		Latest:     latest,
	}
	for i, d := range p.doors {
		data.Lines[i] = strings.TrimSpace(lines[i])
		data.Sites[i] = site{Name: d.name, URL: d.url, PID: p.group.State(d.name).PID}
	}
	data.Sites[0].Draw, data.Sites[1].Draw = data.Sites[0].PID, p.group.State(renderer).PID
	if err := web.HTML(w, r, http.StatusOK, templates, "move.html", data); err != nil {
		p.log.Error("the page failed", "err", err)
		web.Error(w, r, err)
	}
}

// row is one figure of both sides, with bars on one scale.
type row struct {
	Name          string
	Before, After page.Duration
	Scale         float64
}

// Light are the figures of the light page while pictures are drawn.
func (r *result) Light() []row {
	b, a := r.Before.Light, r.After.Light
	return rows([]row{{Name: "half of them within (p50)", Before: b.P50, After: a.P50},
		{Name: "95 % within (p95)", Before: b.P95, After: a.P95}, {Name: "the slowest (max)", Before: b.Max, After: a.Max}})
}

// Heavy are those of the pictures.
func (r *result) Heavy() []row {
	b, a := r.Before.Heavy, r.After.Heavy
	return rows([]row{{Name: "half of them within", Before: b.P50, After: a.P50}, {Name: "all within", Before: b.Max, After: a.Max}})
}

func rows(list []row) []row {
	scale := 0.0
	for _, r := range list {
		scale = max(scale, r.Before.Milliseconds(), r.After.Milliseconds())
	}
	for i := range list {
		list[i].Scale = scale
	}
	return list
}
