package transport

import (
	"sync"
	"sync/atomic"
	"time"
)

// leadLimit is how long a link may be without a reader of its own, and how long another goroutine may read it; after that,
// and at most as long again, its reader goes on.
const leadLimit = 2 * time.Millisecond

// leading lends the right to read a link to the goroutine that waits for the next message: what it waits for is read where
// it is needed, without the price of waking one goroutine to wake another. Its reader rests meanwhile.
type leading struct {
	link    *link
	wake    chan struct{} // one slot: the reader goes on
	offered atomic.Bool   // asked, or not the reader's; it changes under mu

	mu      sync.Mutex
	asked   bool // the right is to be left to whoever comes
	whose   readingRight
	since   int64 // ticks; unless it is the reader's
	evicted bool  // the read of whoever leads was broken off
	look    *time.Timer
	looking bool
}

type readingRight uint8

const (
	rightOfReader readingRight = iota
	rightOfNobody
	rightOfLeader
)

// Rest is for a Receiver, in Receive, when nothing is awaited from the peer: the goroutine that delivers pauses for up to
// 4 ms, in which whoever sends something may read the answer itself. Who does not has to call Recall.
func (p *Peer) Rest() { p.in.leading.rest() }

// Lead delivers what arrives, in this goroutine, until ended says that the answer is there. Where the peer's own goroutine
// does not rest (see Rest) it only sees to it that it does not begin to. It gives up, and says so, when the answer takes
// more than 2 to 4 ms, or something else comes between: the peer's goroutine delivers it then.
func (p *Peer) Lead(ended func() bool) (gaveUp bool) { return p.in.leading.lead(ended) }

// Recall has the peer's own goroutine go on at once, if it rests.
func (p *Peer) Recall() {
	if p.in.leading.offered.Load() {
		p.in.leading.recall()
	}
}

func (r *leading) rest() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = true
	r.offered.Store(true)
}

// pause rests the reader, if that was asked for, until it has the right again.
func (r *leading) pause() {
	if r.offered.Load() && r.vacate() {
		<-r.wake // check sees to it
	}
}

func (r *leading) vacate() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.asked { // somebody came meanwhile
		return false
	}
	r.toNobody()
	return true
}

// toNobody leaves the right to whoever comes, or to the reader after a while. The lock is held.
func (r *leading) toNobody() {
	r.asked = false
	r.whose, r.since = rightOfNobody, ticks()
	switch {
	case r.looking:
	case r.look == nil:
		r.look = time.AfterFunc(leadLimit, r.check)
	default:
		r.look.Reset(leadLimit)
	}
	r.looking = true
}

// toReader wakes the reader. The lock is held.
func (r *leading) toReader() {
	r.asked = false
	r.offered.Store(false)
	if r.whose != rightOfReader {
		r.whose = rightOfReader
		r.wake <- struct{}{}
	}
}

// check looks after a right that the reader has not had for a while.
func (r *leading) check() {
	r.mu.Lock()
	defer r.mu.Unlock()
	long := ticks()-r.since >= int64(leadLimit)
	switch {
	case r.whose == rightOfReader:
		r.looking = false
		return
	case r.whose == rightOfNobody && long:
		r.toReader()
	case r.whose == rightOfLeader && long && !r.evicted:
		r.evicted = true
		r.link.fc.Conn.SetReadDeadline(time.Unix(1, 0))
	}
	r.look.Reset(leadLimit)
}

// recall has the reader go on, now or when whoever leads is done.
func (r *leading) recall() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.whose == rightOfLeader {
		r.asked = false
		return
	}
	r.toReader()
}

func (r *leading) lead(ended func() bool) (gaveUp bool) {
	if !r.offered.Load() || !r.take() {
		return false
	}
	there := ended()
	defer func() { r.leave(there) }() // whatever happens: nobody else would read any more
	for !there && r.await() && r.link.readOne() {
		there = ended()
	}
	return !there
}

// await waits for the next frame; false if it is not there whole, or not in time. An error of the connection is told only
// once.
func (r *leading) await() bool {
	whole, err := r.link.fc.await()
	if err != nil && !isTimeout(err) {
		r.link.fail(readError(err))
	}
	return whole
}

func (r *leading) take() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch r.whose {
	case rightOfNobody:
		r.whose, r.since = rightOfLeader, ticks()
		return true
	case rightOfReader:
		r.toReader() // it must not rest
	case rightOfLeader:
		r.asked = false
	}
	return false
}

// leave ends a lead. Where others wait, or it did not end as it should, the reader goes on and finds what is the matter.
func (r *leading) leave(there bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.evicted {
		r.evicted = false
		r.link.fc.Conn.SetReadDeadline(time.Time{})
	}
	if there && r.asked {
		r.toNobody()
		return
	}
	r.toReader()
}
