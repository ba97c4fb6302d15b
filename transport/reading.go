package transport

import (
	"sync"
	"sync/atomic"
	"time"
)

// loanLimit is how long a Receiver may keep the goroutine that delivers. After that, and at most as long again, another
// one reads on.
const loanLimit = 2 * time.Millisecond

// reading is the right to read a link. It belongs to one goroutine, which may lend itself to its Receiver: short work is
// done there without the price of waking another goroutine, and long work keeps nobody from being read.
type reading struct {
	link *link
	turn atomic.Uint64 // of the goroutine that reads; it changes under mu

	mu      sync.Mutex
	since   int64  // ticks, while it is lent; 0 while it is not
	passed  func() // tells the borrower
	loans   int    // since the last look
	look    *time.Timer
	looking bool
}

// Loan is the goroutine that delivers, in the hands of a Receiver.
type Loan struct {
	of   *reading
	turn uint64
}

// Borrow is for a Receiver, in Receive, before it does work there of which it does not know how long it takes. Receive has
// to call Return when it is done. passed is called, at once, when the work has taken too long and another goroutine reads on:
// it must not block, nor use the Peer.
func (p *Peer) Borrow(passed func()) Loan { return p.in.reading.lend(passed) }

func (r *reading) lend(passed func()) Loan {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.since, r.passed = ticks(), passed
	r.loans++
	switch {
	case r.looking:
	case r.look == nil:
		r.look = time.AfterFunc(loanLimit, r.check)
	default:
		r.look.Reset(loanLimit)
	}
	r.looking = true
	return Loan{r, r.turn.Load()}
}

// Return gives the goroutine back. If the work took too long it ends after Receive.
func (l Loan) Return() {
	l.of.mu.Lock()
	defer l.of.mu.Unlock()
	if l.of.turn.Load() == l.turn {
		l.of.since = 0
	}
}

// check looks after a goroutine that is lent, as long as any was lent lately.
func (r *reading) check() {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.since != 0 && ticks()-r.since >= int64(loanLimit):
		r.passed()
		r.pass()
	case r.since == 0 && r.loans == 0:
		r.looking = false
		return
	}
	r.loans = 0
	r.look.Reset(loanLimit)
}

// pass lets another goroutine read. The lock is held.
func (r *reading) pass() {
	r.since = 0
	turn := r.turn.Add(1)
	go r.link.readLoop(turn)
}

// quit is for a goroutine that a Receiver has ended.
func (r *reading) quit(turn uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.turn.Load() == turn {
		r.pass()
	}
}
