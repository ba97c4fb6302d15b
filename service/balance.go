package service

import (
	"math"
	"time"
)

// halfLife is how fast what is known of an instance is forgotten.
const halfLife = 5 * time.Second

// decaying is a figure that loses half of itself in a half-life.
type decaying struct {
	value float64
	at    time.Time
}

func (d decaying) now(t time.Time) float64 {
	if d.value == 0 {
		return 0
	}
	return d.value * math.Exp2(-float64(t.Sub(d.at))/float64(halfLife))
}

// standing is what the balance knows of an instance. The smallest load wins, but for bursts; ties go to the lower recent
// latency, so that an instance that answers slowly is tried again only when that is nearly forgotten.
type standing struct {
	reported decaying      // load, as the instance told with its last answer
	latency  decaying      // seconds
	run      time.Duration // of its handlers, the mean of the last 64 or so; burstTime at first
}

// latencyWeight is the share of a new sample in the recent latency.
const latencyWeight = 0.3

// ran notes how long a handler took.
func (s *standing) ran(took time.Duration) { s.run += (took - s.run) / 64 }

func (s *standing) answered(load uint32, took time.Duration, t time.Time) {
	s.reported = decaying{float64(load), t}
	old := s.latency.now(t)
	if old == 0 {
		old = took.Seconds()
	}
	s.latency = decaying{old + latencyWeight*(took.Seconds()-old), t}
}

// load is the larger of what this client waits for and what the instance said of itself: the first is
// exact but knows nothing of other clients.
func (s *standing) load(unanswered int, t time.Time) float64 {
	return max(float64(unanswered), math.Round(s.reported.now(t)))
}

// Where all instances have some work an instance that was asked last is asked again, until its load is burstMost above that of
// the one with the smallest, or has twice what any has, or its handlers would take burstTime for what it is above that:
// requests in a row share a write, a wake-up, and a write of their answers. Who is slower than that gets none in advance.
const (
	burstMost = 16
	burstTime = 100 * time.Microsecond
	burstFrom = 4 // requests under way at each of them
)

// goesOn says that the instance that was asked last is asked again, though another one has less to do. least is how many
// requests are under way at least at each that may be asked. The lock is held.
func (i *instance) goesOn(best *instance, least int, now time.Time) bool {
	if least < burstFrom {
		return false // bursts elsewhere would keep it at that
	}
	ahead := i.standing.load(i.used.messages, now) - best.standing.load(best.used.messages, now) + 1
	return ahead <= float64(min(burstMost, least)) && ahead*float64(i.standing.run) <= float64(burstTime)
}

// betterThan says whether an instance is to be preferred to another one. The lock is held.
func (i *instance) betterThan(o *instance, now time.Time) bool {
	a, b := i.standing.load(i.used.messages, now), o.standing.load(o.used.messages, now)
	return a < b || a == b && i.standing.latency.now(now) < o.standing.latency.now(now)
}
