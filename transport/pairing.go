package transport

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// pairing is where a binder makes peers of links: two links of different kinds that carry the same
// pair value. Links without one are paired with each other only if they come from the same process, or on
// tcp from the same address, within a second, and at most one such peer lives at a time.
type pairing struct {
	paired   func(a, b *link) *Peer
	unpaired func(l *link, err error) // the twin of l did not come

	mu      sync.Mutex
	half    map[string]*halfPaired // by pair value; "" is the unnamed one
	live    map[string]bool        // pair values of peers, so that nobody gets between two of the same
	unnamed *Peer
	links   int
	closed  bool
}

type halfPaired struct {
	link  *link
	timer *time.Timer
}

func newPairing(paired func(a, b *link) *Peer, unpaired func(l *link, err error)) *pairing {
	return &pairing{paired: paired, unpaired: unpaired, half: map[string]*halfPaired{}, live: map[string]bool{}}
}

// add takes over a link; an error means that it was closed.
func (p *pairing) add(l *link) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.admit(l); err != nil {
		l.discard(err)
		return err
	}
	p.links++
	context.AfterFunc(l.ctx, func() { p.leave(l) })
	other := p.half[l.pair]
	if other == nil {
		p.wait(l)
		return nil
	}
	delete(p.half, l.pair)
	other.timer.Stop()
	peer := p.paired(other.link, l)
	if l.pair == "" {
		p.unnamed = peer
	} else {
		p.live[l.pair] = true
	}
	return nil
}

// admit says whether a link may stay.
func (p *pairing) admit(l *link) error {
	other := p.half[l.pair]
	switch {
	case p.closed:
		return ErrClosed
	case p.links >= MaxLinks:
		return fmt.Errorf("%w: %d", ErrTooManyLinks, p.links)
	case l.pair == "" && p.unnamedLives():
		return fmt.Errorf("%w: %w", ErrProtocol, ErrUnnamed)
	case p.live[l.pair] || other != nil && other.link.kind == l.kind:
		return fmt.Errorf("%w: a second %s link of the same pair", ErrProtocol, l.kind)
	case other != nil && l.pair == "" && !sameProcess(other.link, l):
		return fmt.Errorf("%w: two unnamed links of different processes or hosts", ErrProtocol)
	}
	return nil
}

// sameProcess says whether two links come from one process, or on tcp from one host. Where nobody can tell,
// on inproc, it is this one; where the kernel should and does not, it is not.
func sameProcess(a, b *link) bool {
	if a.inproc && b.inproc {
		return true
	}
	return a.has && b.has && a.cred == b.cred && (a.cred.pid != 0 || a.cred.ip.IsValid())
}

func (p *pairing) unnamedLives() bool {
	if p.unnamed == nil {
		return false
	}
	select {
	case <-p.unnamed.done:
		p.unnamed = nil
		return false
	default:
		return true
	}
}

func (p *pairing) wait(l *link) {
	life := halfPairedLife
	if l.pair == "" {
		life = unnamedLife
	}
	h := &halfPaired{link: l}
	h.timer = time.AfterFunc(life, func() { p.expire(h, life) })
	p.half[l.pair] = h
}

func (p *pairing) expire(h *halfPaired, life time.Duration) {
	p.mu.Lock()
	late := p.half[h.link.pair] == h
	if late {
		delete(p.half, h.link.pair)
	}
	p.mu.Unlock()
	if late {
		err := fmt.Errorf("%w within %v", ErrUnpaired, life)
		h.link.discard(err)
		p.unpaired(h.link, err)
	}
}

func (p *pairing) leave(l *link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.links--
	delete(p.live, l.pair)
}

// close cuts links that still wait for their twin.
func (p *pairing) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for pair, h := range p.half {
		h.timer.Stop()
		h.link.discard(ErrClosed)
		delete(p.half, pair)
	}
}
