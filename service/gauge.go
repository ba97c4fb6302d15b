package service

// gauge counts what is under way and tells when it falls to nothing. A lock of its owner guards it.
type gauge struct {
	n    int
	none chan struct{} // closed while n is 0
}

func newGauge() gauge {
	none := make(chan struct{})
	close(none)
	return gauge{none: none}
}

func (g *gauge) add() {
	if g.n++; g.n == 1 {
		g.none = make(chan struct{})
	}
}

func (g *gauge) done() {
	if g.n--; g.n == 0 {
		close(g.none)
	}
}
