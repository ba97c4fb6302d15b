package service

// gauge counts what is under way and tells when it falls to nothing. A lock of its owner guards it. The zero value is
// ready.
type gauge struct {
	n    int
	none chan struct{} // made for who waits
}

// nothing is what who waits for nothing waits for.
var nothing = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

func (g *gauge) add() { g.n++ }

func (g *gauge) done() {
	if g.n--; g.n == 0 && g.none != nil {
		close(g.none)
		g.none = nil
	}
}

// idle is closed when nothing is under way, now or next.
func (g *gauge) idle() <-chan struct{} {
	if g.n == 0 {
		return nothing
	}
	if g.none == nil {
		g.none = make(chan struct{})
	}
	return g.none
}
