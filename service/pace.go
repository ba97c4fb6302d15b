package service

import "time"

const (
	paceSpan = 20 * time.Millisecond // over which the pace of a line is measured
	paceKept = time.Second           // for which it is remembered when nobody waits
	paceFree = 8                     // who wait for a window whatever the pace
)

// pace measures how fast a line of waiting calls moves.
type pace struct {
	from   time.Time // of the span; it begins with the first one who is served
	last   time.Time // when somebody was served
	served int       // in the span
	begun  bool
	rate   float64 // per second, of the last span; 0: not known
}

// step notes that one has been served.
func (p *pace) step(now time.Time) {
	p.last = now
	if !p.begun {
		p.from, p.served, p.begun = now, 0, true
		return
	}
	p.served++
	if span := now.Sub(p.from); span >= paceSpan {
		p.rate = float64(p.served) / span.Seconds()
		p.from, p.served = now, 0
	}
}

// begin notes that somebody waits again. A line that was empty for a moment moves as before.
func (p *pace) begin(now time.Time) {
	if now.Sub(p.last) > paceKept {
		p.rate = 0
	}
	p.begun = false
}

// forget notes that what the line waits for has changed.
func (p *pace) forget() { *p = pace{} }

// wait is how long the last of n will wait, 0 where that is not known. A line that stands is slower than it was.
func (p *pace) wait(n int, now time.Time) time.Duration {
	if p.rate == 0 {
		return 0
	}
	rate := p.rate
	if span := now.Sub(p.from); p.begun && span > paceSpan {
		rate = min(rate, float64(p.served+1)/span.Seconds())
	}
	return time.Duration(float64(n) / rate * float64(time.Second))
}
