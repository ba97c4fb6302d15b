package service

import (
	"errors"
	"sync"
	"time"
)

// inbox is where a call hears how the attempt under way has ended, that its time is over, or the grace of its client, whichever
// comes first.
type inbox struct {
	ends  chan result // one slot
	timer *time.Timer // made when it is needed first
	set   bool        // it may ring
	sent  *attempt    // of a Send that is parked: its deadline ends it
}

// What the inbox of somebody who waits has instead of the end of an attempt.
var (
	errExpired = errors.New("the deadline has passed")
	errCut     = errors.New("the grace is over")
)

// ringAfter sets the deadline.
func (b *inbox) ringAfter(d time.Duration) {
	b.set = true
	if b.timer == nil {
		b.timer = time.AfterFunc(d, b.ring)
	} else {
		b.timer.Reset(d)
	}
}

func (b *inbox) ring() {
	if b.sent != nil {
		b.sent.abandon(failure(ErrTimeout, ""))
		return
	}
	b.put(result{err: errExpired})
}

// put says how it ended, unless that is known. Of what comes too late nobody has use.
func (b *inbox) put(res result) {
	select {
	case b.ends <- res:
	default:
		res.hold.Release()
	}
}

// clear drops what nobody waits for any more.
func (b *inbox) clear() {
	select {
	case res := <-b.ends:
		res.hold.Release()
	default:
	}
}

// spares are inboxes that calls have left as they found them. They belong to a client, not to the process, since a test may
// make one client inside of a testing/synctest bubble and another one outside. The zero value is ready.
type spares struct{ pool sync.Pool }

func (s *spares) inbox() *inbox {
	if b, ok := s.pool.Get().(*inbox); ok {
		return b
	}
	return &inbox{ends: make(chan result, 1)}
}

// giveBack takes an inbox of a call of which no attempt is under way, or only one that was left: nothing is put there any more.
// One that has rung is not used again, since it may still be about to.
func (s *spares) giveBack(b *inbox) {
	if b.set && !b.timer.Stop() {
		return
	}
	b.clear()
	b.set, b.sent = false, nil
	s.pool.Put(b)
}
