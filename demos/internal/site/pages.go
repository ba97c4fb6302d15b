package site

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"quartet/demos/internal/slow"
	"quartet/handler"
	"quartet/service"
	"quartet/web"
)

// result is what a slow page shows, as HTML and as JSON.
type result struct {
	Call   string        `json:"call"` // sync or async
	Status int           `json:"status"`
	Text   string        `json:"text"`
	ID     string        `json:"id,omitempty"` // of an async call; its receipt has the same
	At     time.Time     `json:"at"`           // when the page was asked for
	TookMS float64       `json:"took_ms"`
	Took   time.Duration `json:"-"`
	Site   *Site         `json:"-"`
}

// Title is the page's.
func (r result) Title() string { return r.Call + " · " + r.Site.Name }

// Script is whether the page runs one.
func (result) Script() bool { return false }

// shown is how many receipts the home page begins with.
const shown = 20

// home shows the links, and what came back so far.
func (s *Site) home(w http.ResponseWriter, r *http.Request) {
	latest := s.Receipts.Latest()
	err := web.HTML(w, r, http.StatusOK, pages, "home.html", map[string]any{
		"Site":     s,
		"Title":    "Quartet · " + s.Name,
		"Script":   true,
		"Receipts": latest[:min(len(latest), shown)],
	})
	if err != nil {
		s.fail(w, r, err)
	}
}

// slow is what the two slow pages have in common: they read the delay, call, and show the result or what went wrong.
func (s *Site) slow(call func(context.Context, time.Duration) (result, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		if !s.gate.enter() {
			web.Error(w, r, service.ErrClosed)
			return
		}
		defer s.gate.leave()
		query, err := url.ParseQuery(r.URL.RawQuery) // r.URL.Query drops what it cannot read
		if err != nil {
			web.Error(w, r, handler.Errorf(http.StatusBadRequest, "the query cannot be read"))
			return
		}
		delay, err := slow.ParseDelay(query.Get("delay"))
		if err != nil {
			web.Error(w, r, err)
			return
		}
		out, err := call(r.Context(), delay)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		out.At = start
		s.show(w, r, out)
	}
}

// sync waits for the work, and shows its text.
func (s *Site) sync(ctx context.Context, delay time.Duration) (result, error) {
	text, err := s.Work.Sync(ctx, delay)
	return result{Call: "sync", Text: text}, err
}

// async starts the work and says so; the text comes back to the response handler.
func (s *Site) async(ctx context.Context, delay time.Duration) (result, error) {
	id, err := s.Work.Async(ctx, delay)
	const text = "On its way. The text will come back to the response handler, not to this page."
	return result{Call: "async", ID: id, Text: text}, err
}

// receipts lists what came back, for the home page's script.
func (s *Site) receipts(w http.ResponseWriter, r *http.Request) {
	if err := web.JSON(w, r, http.StatusOK, s.Receipts.Latest()); err != nil {
		s.fail(w, r, err)
	}
}

// show writes a result as the client likes it, HTML where it does not say.
func (s *Site) show(w http.ResponseWriter, r *http.Request, out result) {
	out.Status, out.Site, out.Took = http.StatusOK, s, time.Since(out.At)
	out.TookMS = float64(out.Took.Microseconds()) / 1000
	w.Header().Add("Vary", "Accept")
	var err error
	if web.Accepts(r, "text/html", "application/json") == "application/json" {
		err = web.JSON(w, r, out.Status, out)
	} else {
		err = web.HTML(w, r, out.Status, pages, "result.html", out)
	}
	if err != nil {
		s.fail(w, r, err)
	}
}

// fail tells the visitor what went wrong, and the log why: an error that is not the service's own has its text only there.
func (s *Site) fail(w http.ResponseWriter, r *http.Request, err error) {
	s.Log.Warn("page failed", "path", r.URL.Path, "err", err)
	web.Error(w, r, err)
}

// number writes d in units with three digits or so.
func number(d, unit time.Duration) string {
	n := float64(d) / float64(unit)
	digits := 2
	if n >= 10 {
		digits = 1
	}
	return strconv.FormatFloat(n, 'f', digits, 64)
}
