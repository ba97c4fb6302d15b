package transporttest

import (
	"os"
	"sync"
	"time"
)

// delay puts off what is under way.
func (w *way) delay(d time.Duration) {
	if now := time.Now(); w.due.Before(now) {
		w.due = now
	}
	w.due = w.due.Add(d)
}

// stall waits until a way is free, and gives the faults that it found then.
func (c *chaosConn) stall(w *way) (*spell, error) {
	for {
		s := c.chaos.spell.Load()
		by, moved := w.by.get()
		now := time.Now()
		until := w.due
		switch {
		case c.isClosed():
			return s, c.why
		case !by.IsZero() && !now.Before(by):
			return s, os.ErrDeadlineExceeded
		case s.BlackHole:
			until = by
		case !s.slow() || !now.Before(until):
			return s, nil
		case !by.IsZero() && by.Before(until):
			until = by
		}
		c.pause(until, s.over, moved)
	}
}

// pause waits for a time, if it is not zero, or for a change.
func (c *chaosConn) pause(until time.Time, over, moved <-chan struct{}) {
	var alarm <-chan time.Time
	if !until.IsZero() {
		t := time.NewTimer(time.Until(until))
		defer t.Stop()
		alarm = t.C
	}
	select {
	case <-alarm:
	case <-over:
	case <-moved:
	case <-c.closed:
	}
}

// SetDeadline sets both deadlines.
func (c *chaosConn) SetDeadline(t time.Time) error {
	c.in.by.set(t)
	c.out.by.set(t)
	return c.Conn.SetDeadline(t)
}

// SetReadDeadline ends the waits of Read, too.
func (c *chaosConn) SetReadDeadline(t time.Time) error {
	c.in.by.set(t)
	return c.Conn.SetReadDeadline(t)
}

// SetWriteDeadline ends the waits of Write, too.
func (c *chaosConn) SetWriteDeadline(t time.Time) error {
	c.out.by.set(t)
	return c.Conn.SetWriteDeadline(t)
}

// deadline is a time that may be moved while somebody waits for it.
type deadline struct {
	mu    sync.Mutex
	at    time.Time
	moved chan struct{} // closed by the next set; nil while nobody has asked
}

func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at = t
	if d.moved != nil {
		close(d.moved)
		d.moved = nil
	}
}

func (d *deadline) get() (at time.Time, moved <-chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.moved == nil {
		d.moved = make(chan struct{})
	}
	return d.at, d.moved
}
