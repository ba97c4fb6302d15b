package service

import "time"

// When an instance is passed over, and for how long.
const (
	ejectFailures = 5                // answers in a row
	ejectAfter    = time.Second      // or of nothing but failures, two at least; deadlines alone may just be short
	ejectFor      = 10 * time.Second // then one request at a time, until one succeeds
)

// health is what the answers of an instance say about it. A failure is an answer with status 500 or more, an unreadable
// one, or none before the deadline of its caller. Refusals and callers that leave say nothing.
type health struct {
	failures int       // in a row
	answers  int       // of these, that came in time
	since    time.Time // the first of them
	good     time.Time // the last success
	ejected  time.Time // passed over until then; zero: it is not
}

func (h *health) succeeded(now time.Time) {
	h.failures, h.answers, h.good = 0, 0, now
	if !now.Before(h.ejected) {
		h.ejected = time.Time{}
	}
}

func (h *health) failed(now time.Time, inTime bool) {
	if inTime {
		h.answers++
	}
	if h.failures++; h.failures == 1 {
		h.since = now
	}
}

func (h *health) bad(now time.Time) bool {
	return h.answers >= ejectFailures || h.failures > 1 && now.Sub(h.since) >= ejectAfter
}

// passedOver says whether others are asked before this instance. When its time is over it gets one request, and more
// only after that has succeeded. The remote's lock is held.
func (i *instance) passedOver(now time.Time) bool {
	if i.health.ejected.IsZero() {
		return false
	}
	return now.Before(i.health.ejected) || i.used.messages > 0
}

// failed notes a failure of an instance, and passes it over when there were too many, if another one has had a
// success meanwhile: where all fail it is the request, and nothing is won. The lock is held.
func (r *remote) failed(i *instance, inTime bool) {
	now := time.Now()
	i.health.failed(now, inTime)
	if !i.health.bad(now) || now.Before(i.health.ejected) {
		return
	}
	for _, o := range r.instances {
		if o != i && o.takesRequests() && !o.passedOver(now) && o.health.good.After(i.health.since) {
			i.health.ejected = now.Add(ejectFor)
			r.opts.log.Warn("an instance is passed over", "service", r.name, "instance", i.peer.String(),
				"failures", i.health.failures, "for", ejectFor)
			return
		}
	}
}

// passedOver are the instances that a call is given to only when it finds no other.
type passedOver struct {
	best *instance // the one with the fewest requests
	full bool      // one has no room
}

func (p *passedOver) see(i *instance, room bool) {
	switch {
	case !room:
		p.full = true
	case p.best == nil || i.used.messages < p.best.used.messages:
		p.best = i
	}
}
