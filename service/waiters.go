package service

import (
	"container/list"
	"time"
)

// waitList holds the calls that wait for a place, sync calls and fire-and-forget apart, since the latter
// take at most half of a window: one that has to wait must not hold up the former. It is bounded by
// MaxWaiting and MaxWaitingBytes. The zero value is ready; the remote's lock guards it.
type waitList struct {
	sync, sent list.List
	seq        uint64
	bytes      int64

	syncPace, sentPace pace
	syncRoom, sentRoom int // of each line, those who wait for room
}

// waiter is one of them.
type waiter struct {
	call  *call
	ready chan place // one slot
	seq   uint64
	at    *list.Element

	forRoom bool // it waits for a free place, not for an instance
}

// place is what a waiter gets: an attempt, or why there will be none.
type place struct {
	attempt *attempt
	err     error
}

func (l *waitList) empty() bool { return l.sync.Len()+l.sent.Len() == 0 }

func (l *waitList) of(c *call) *list.List {
	if c.sent {
		return &l.sent
	}
	return &l.sync
}

func (l *waitList) paceOf(c *call) *pace {
	if c.sent {
		return &l.sentPace
	}
	return &l.syncPace
}

// capacityChanged notes that instances came, went or changed.
func (l *waitList) capacityChanged() {
	l.syncPace.forget()
	l.sentPace.forget()
}

// A call gets into line when it can expect to wait so long for a free place, and stays until it looks much longer. One with a
// large body waits as long as there is time for a place: its way takes milliseconds by itself, and MaxWaitingBytes bounds
// their line.
const (
	lineWorthwhile = windowWait / 8
	lineTooLong    = windowWait / 4
)

// isLarge says that most of what a call takes is the way of its body.
func (c *call) isLarge() bool { return c.size > largeRequest }

func (l *waitList) roomOf(c *call) *int {
	if c.sent {
		return &l.sentRoom
	}
	return &l.syncRoom
}

// hopeless says that a call would wait too long for a free place in a window: those that are before it take a good part
// of the time that it has, and the least stall the rest. It is better told at once: a longer line wins nothing.
func (l *waitList) hopeless(c *call) bool {
	n := *l.roomOf(c)
	return n >= paceFree && !c.isLarge() && l.paceOf(c).wait(n, time.Now()) > lineWorthwhile
}

func (l *waitList) add(c *call, forRoom bool) (*waiter, error) {
	if l.sync.Len()+l.sent.Len() >= MaxWaiting || l.bytes > 0 && l.bytes+c.size > MaxWaitingBytes {
		return nil, failure(ErrRejected, "overloaded: %d calls wait already", l.sync.Len()+l.sent.Len())
	}
	l.seq++
	w := &waiter{call: c, ready: make(chan place, 1), seq: l.seq, forRoom: forRoom}
	if l.of(c).Len() == 0 {
		l.paceOf(c).begin(time.Now())
	}
	w.at = l.of(c).PushBack(w)
	if forRoom {
		*l.roomOf(c)++
	}
	l.bytes += c.size
	return w, nil
}

// remove takes a waiter out; false if it was served.
func (l *waitList) remove(w *waiter) bool {
	if w.at == nil {
		return false
	}
	l.of(w.call).Remove(w.at)
	w.at = nil
	if w.forRoom {
		*l.roomOf(w.call)--
	}
	l.bytes -= w.call.size
	return true
}

// lookAhead is how many at the head of a line are asked whether they can be served: instances may serve
// different routes, and one that has to wait should not hold up the others.
const lookAhead = 8

// next takes out the one who has waited longest of those near the head of a line that can be served.
func (l *waitList) next(servable func(*call) bool) *waiter {
	var first *waiter
	for _, line := range []*list.List{&l.sync, &l.sent} {
		e := line.Front()
		for range lookAhead {
			if e == nil {
				break
			}
			w := e.Value.(*waiter)
			if first != nil && first.seq < w.seq {
				break
			}
			if servable(w.call) {
				first = w
				break
			}
			e = e.Next()
		}
	}
	if first != nil {
		l.remove(first)
		l.paceOf(first.call).step(time.Now())
	}
	return first
}

// trim takes the last ones out of a line for room that has slowed down so much, since they came, that they would wait in
// vain: less of a window may be used than was when it let them in. Who came last has lost least.
func (l *waitList) trim(windowful func(*call) bool) (out []*waiter) {
	now := time.Now()
	for _, line := range []*list.List{&l.sync, &l.sent} {
		for e := line.Back(); e != nil; {
			w := e.Value.(*waiter)
			n := *l.roomOf(w.call)
			if n <= paceFree || l.paceOf(w.call).wait(n, now) <= lineTooLong {
				break
			}
			e = e.Prev()
			if w.forRoom && !w.call.isLarge() && windowful(w.call) {
				l.remove(w)
				out = append(out, w)
			}
		}
	}
	return out
}
