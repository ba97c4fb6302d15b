package main

import (
	"embed"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/go-chi/chi/v5"

	"quartet/demos/internal/children"
	"quartet/demos/internal/page"
	"quartet/handler"
	"quartet/service"
	"quartet/web"
)

//go:embed pages
var files embed.FS

var templates = page.Templates(files, "pages/*.html")

// shop is the page; it embeds the client's interface.
type shop struct {
	service.Caller
	services interface {
		State(name string) children.State
	}
	log *slog.Logger
}

func (s *shop) handler() http.Handler {
	r := chi.NewRouter()
	r.Get("/", s.page)
	r.Head("/", s.page)
	r.NotFound(func(w http.ResponseWriter, r *http.Request) {
		web.Error(w, r, handler.Errorf(http.StatusNotFound, "There is no such page."))
	})
	return page.Around(r, files)
}

// usual is how long a part may take where the visitor does not say.
const usual = 2 * time.Second

// page asks for all parts and shows what came of it.
func (s *shop) page(w http.ResponseWriter, r *http.Request) {
	deadline, err := parseDeadline(r.URL.RawQuery)
	if err != nil {
		web.Error(w, r, err)
		return
	}
	out := s.askAll(r.Context(), deadline)
	status := http.StatusOK
	if out.Answered == 0 { // partial failure is a page, this is none
		status = http.StatusServiceUnavailable
	}
	w.Header().Add("Vary", "Accept")
	if web.Accepts(r, "text/html", "application/json") == "application/json" {
		err = web.JSON(w, r, status, out)
	} else {
		out.Head = page.Head{Program: "fanout", Title: "Ten parts · fanout", Style: "fanout.css"}
		err = web.HTML(w, r, status, templates, "fanout.html", out)
	}
	if err != nil {
		s.log.Error("the page failed", "err", err)
		web.Error(w, r, err)
	}
}

// parseDeadline reads how long a part may take.
func parseDeadline(rawQuery string) (time.Duration, error) {
	query, err := url.ParseQuery(rawQuery)
	if err != nil {
		return 0, handler.Errorf(http.StatusBadRequest, "the query cannot be read")
	}
	text := query.Get("deadline")
	if text == "" {
		return usual, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < time.Millisecond || d > 10*time.Second {
		return 0, handler.Errorf(http.StatusBadRequest, "deadline %.20q: write a time such as 500ms or 2s, from 1ms to 10s", text)
	}
	return d, nil
}
