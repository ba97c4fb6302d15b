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

// standing is what the balance knows of an instance. The smallest load wins, ties go to the lower recent
// latency, so that an instance that answers slowly is tried again only when that is nearly forgotten.
type standing struct {
	reported decaying      // load, as the instance told with its last answer
	latency  decaying      // seconds
	run      time.Duration // of its handlers, the mean of the last 64 or so
}

// latencyWeight is the share of a new sample in the recent latency.
const latencyWeight = 0.3

func (s *standing) answered(load uint32, took, run time.Duration, t time.Time) {
	s.run += (min(run, burstTime) - s.run) / 64
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

// A burst is so many requests more than another instance has that an instance gets in a row, as long as its handlers are
// done with them within burstTime: they share a write, a wake-up and their answers' write. It takes some load for that to be
// worth while: at less than burstFrom requests under way everywhere each goes where the least are.
const (
	burstMost = 16
	burstTime = 100 * time.Microsecond
	burstFrom = 4
)

// goesOn says that the instance that was asked last is asked again, though another one has less to do. The lock is held.
func (i *instance) goesOn(best *instance) bool {
	if best.used.messages < burstFrom {
		return false
	}
	ahead := i.used.messages - best.used.messages + 1
	return ahead <= burstMost && time.Duration(ahead)*i.standing.run <= burstTime
}

// betterThan says whether an instance is to be preferred to another one. The lock is held.
func (i *instance) betterThan(o *instance, now time.Time) bool {
	a, b := i.standing.load(i.used.messages, now), o.standing.load(o.used.messages, now)
	return a < b || a == b && i.standing.latency.now(now) < o.standing.latency.now(now)
}
