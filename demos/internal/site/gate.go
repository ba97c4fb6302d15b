package site

import (
	"context"
	"sync"
	"time"
)

// Farewell is how long a site that is leaving says so at /readyz before it lets nobody in any more: whoever follows that
// has noticed by then, and no visitor comes to a closed gate, or to a listener that is about to close.
const Farewell = 250 * time.Millisecond

// gate counts who is inside, and once closed lets nobody else in. The zero value is open.
type gate struct {
	mu      sync.Mutex
	inside  int
	leaving bool // it will be shut
	shut    bool
	empty   chan struct{} // made by the first close, closed when shut and nobody is inside
}

// enter reports whether the caller was let in; then it must leave.
func (g *gate) enter() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.shut {
		g.inside++
	}
	return !g.shut
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inside--
	if g.shut && g.inside == 0 {
		close(g.empty)
	}
}

// close shuts the gate and returns a channel that is closed when everyone has left.
func (g *gate) close() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut {
		return g.empty
	}
	g.shut, g.empty = true, make(chan struct{})
	if g.inside == 0 {
		close(g.empty)
	}
	return g.empty
}

// drain says that the gate will be closed, closes it a little later, and waits until everyone has left; or until ctx
// ends, which closes the gate at once.
func (g *gate) drain(ctx context.Context) {
	g.mu.Lock()
	g.leaving = true
	g.mu.Unlock()
	farewell := time.NewTimer(Farewell)
	defer farewell.Stop()
	select {
	case <-farewell.C:
	case <-ctx.Done():
	}
	select {
	case <-g.close():
	case <-ctx.Done():
	}
}

// closing says whether the gate is closed, or will be soon.
func (g *gate) closing() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.leaving
}
