package service

import (
	"sync"
	"sync/atomic"
)

// gauge counts what is under way and tells when it falls to nothing. It is safe for concurrent use, and counting takes no
// lock. The zero value is ready.
type gauge struct {
	n atomic.Int64

	awaited atomic.Bool
	mu      sync.Mutex
	none    chan struct{} // made for who waits
}

func (g *gauge) add() { g.n.Add(1) }

func (g *gauge) done() {
	if g.n.Add(-1) == 0 && g.awaited.Load() { // idle sets awaited before it looks at n: one of the two sees the other
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.n.Load() == 0 { // whoever came meanwhile will come here, too
			g.tell()
		}
	}
}

// idle is closed when nothing is under way, now or next.
func (g *gauge) idle() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.none == nil {
		g.none = make(chan struct{})
	}
	none := g.none
	g.awaited.Store(true)
	if g.n.Load() == 0 {
		g.tell()
	}
	return none
}

// tell wakes those who wait. The lock is held.
func (g *gauge) tell() {
	if g.none != nil {
		close(g.none)
		g.none = nil
	}
	g.awaited.Store(false)
}
