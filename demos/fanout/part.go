package main

import (
	"context"
	"os"
	"time"

	"quartet/demos/internal/slow"
	"quartet/handler"
)

// part is one of the ten services, and one part of the page.
type part struct {
	name  string
	delay time.Duration // how long its work takes
	text  string        // what it answers
}

// parts are those of a shop's page, in the order of the page.
var parts = []part{
	{"product", 120 * time.Millisecond, "Walnut desk, 140 × 70 cm"},
	{"price", 180 * time.Millisecond, "429.00, tax included"},
	{"stock", 260 * time.Millisecond, "7 in the warehouse"},
	{"pictures", 340 * time.Millisecond, "12 pictures, 2 of them by customers"},
	{"reviews", 420 * time.Millisecond, "4.6 of 5 stars, from 318 people"},
	{"delivery", 500 * time.Millisecond, "at your door on Thursday"},
	{"similar", 580 * time.Millisecond, "3 desks, 1 standing desk"},
	{"basket", 660 * time.Millisecond, "1 lamp, 2 cables"},
	{"points", 780 * time.Millisecond, "enough for free delivery"},
	{"advice", 950 * time.Millisecond, "people who sit also bought a chair"},
}

// find returns the part of that name.
func find(name string) (part, bool) {
	for _, p := range parts {
		if p.name == name {
			return p, true
		}
	}
	return part{}, false
}

// path is where each service answers.
const path = "/part"

// content is what a service answers.
type content struct {
	Text string `json:"text"`
	PID  int    `json:"pid"` // of who answers
}

// routes are what the service of a part serves: its text, after its delay.
func (p part) routes() handler.Handler {
	var mux handler.Mux
	mux.Method(handler.MethodGet, path, handler.Typed(func(ctx context.Context, _ struct{}) (content, error) {
		return content{Text: p.text, PID: os.Getpid()}, slow.Sleep(ctx, p.delay)
	}))
	return &mux
}
