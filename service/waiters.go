package service

import (
	"container/list"
	"time"
)

// waitList holds the calls that wait for a place, in three lines. Fire-and-forget calls take at most half of a window: one that
// has to wait must not hold up the others. Sync calls with large bodies wait longer than others. It is bounded by MaxWaiting and
// MaxWaitingBytes. The zero value is ready; the remote's lock guards it.
type waitList struct {
	sync, large, sent line
	largeNext         bool // it is their turn
	seq               uint64
	bytes             int64
}

// line is a part of it, the longest wait first.
type line struct {
	list.List
	pace  pace
	room  int   // waiters that wait for room
	bytes int64 // of the requests
}

// waiter is one of them.
type waiter struct {
	call  *call
	ready chan place // one slot
	seq   uint64
	line  *line
	at    *list.Element

	forRoom bool // it waits for a free place, not for an instance
}

// place is what a waiter gets: an attempt, or why there will be none.
type place struct {
	attempt *attempt
	err     error
}

// len is how many wait.
func (l *waitList) len() int { return l.sync.Len() + l.large.Len() + l.sent.Len() }

func (l *waitList) empty() bool { return l.len() == 0 }

func (l *waitList) lineOf(c *call) *line {
	switch {
	case c.sent:
		return &l.sent
	case c.size > largeRequest:
		return &l.large
	}
	return &l.sync
}

// capacityChanged notes that instances came, went or changed.
func (l *waitList) capacityChanged() {
	l.sync.pace.forget()
	l.large.pace.forget()
	l.sent.pace.forget()
}

// A call gets into line when it can expect to wait so long for a free place, and stays until it looks much longer. One with a
// large body waits as long as there is time for a place: its way takes milliseconds by itself, its line moves in bursts, and
// maxLargeBytes bounds that.
const (
	lineWorthwhile = windowWait / 8
	lineTooLong    = windowWait / 4
	maxLargeBytes  = MaxWaitingBytes / 8 * 7
)

// hopeless says that a call would wait too long for a free place in a window: those that are before it take a good part
// of the time that it has, and the least stall the rest. It is better told at once: a longer line wins nothing.
func (l *waitList) hopeless(c *call) bool {
	in := l.lineOf(c)
	return in != &l.large && in.room >= paceFree && in.pace.wait(in.room, time.Now()) > lineWorthwhile
}

func (l *waitList) add(c *call, forRoom bool) (*waiter, error) {
	in := l.lineOf(c)
	if l.len() >= MaxWaiting || l.bytes > 0 && l.bytes+c.size > MaxWaitingBytes ||
		in == &l.large && in.bytes > 0 && in.bytes+c.size > maxLargeBytes { // some is left to the others
		return nil, failure(ErrRejected, "overloaded: %d calls wait already, with %d bytes", l.len(), l.bytes)
	}
	l.seq++
	w := &waiter{call: c, ready: make(chan place, 1), seq: l.seq, line: in, forRoom: forRoom}
	if in.Len() == 0 {
		in.pace.begin(time.Now())
	}
	w.at = in.PushBack(w)
	if forRoom {
		in.room++
	}
	l.bytes += c.size
	in.bytes += c.size
	return w, nil
}

// remove takes a waiter out; false if it was served.
func (l *waitList) remove(w *waiter) bool {
	if w.at == nil {
		return false
	}
	w.line.Remove(w.at)
	w.at = nil
	if w.forRoom {
		w.line.room--
	}
	l.bytes -= w.call.size
	w.line.bytes -= w.call.size
	return true
}

// next takes out the one who has waited longest of those near the head of a line that can be served. Of the lines of sync calls
// the one is asked whose turn it is, and the other one where it has nobody.
func (l *waitList) next(servable func(*call) bool) *waiter {
	turn, other := &l.sync, &l.large
	if l.largeNext {
		turn, other = other, turn
	}
	w := turn.next(servable)
	if w == nil {
		w = other.next(servable)
	}
	if e := l.sent.Front(); e != nil && (w == nil || e.Value.(*waiter).seq < w.seq) {
		if sent := l.sent.next(servable); sent != nil && (w == nil || sent.seq < w.seq) {
			w = sent
		}
	}
	if w == nil {
		return nil
	}
	if w.line != &l.sent {
		l.largeNext = w.line == &l.sync
	}
	l.remove(w)
	w.line.pace.step(time.Now())
	return w
}

// lookAhead is how many at the head of a line are asked whether they can be served: instances may serve
// different routes, and one that has to wait should not hold up the others.
const lookAhead = 8

// next is the first near the head of the line that can be served.
func (in *line) next(servable func(*call) bool) *waiter {
	e := in.Front()
	for range lookAhead {
		if e == nil {
			break
		}
		if w := e.Value.(*waiter); servable(w.call) {
			return w
		}
		e = e.Next()
	}
	return nil
}

// trim takes the last ones out of a line for room that has slowed down so much, since they came, that they would wait in
// vain: less of a window may be used than was when it let them in. Who came last has lost least.
func (l *waitList) trim(windowful func(*call) bool) (out []*waiter) {
	now := time.Now()
	for _, in := range []*line{&l.sync, &l.sent} {
		for e := in.Back(); e != nil; {
			w := e.Value.(*waiter)
			if in.room <= paceFree || in.pace.wait(in.room, now) <= lineTooLong {
				break
			}
			e = e.Prev()
			if w.forRoom && windowful(w.call) {
				l.remove(w)
				out = append(out, w)
			}
		}
	}
	return out
}
