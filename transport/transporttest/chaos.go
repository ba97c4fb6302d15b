package transporttest

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Chaos breaks connections on purpose. Give its Wrap to transport.Config.Wrap or service.WithConnWrapper, and
// switch faults on and off while the program runs:
//
//	chaos := transporttest.NewChaos(seed)
//	chaos.Set(transporttest.Faults{Latency: 20 * time.Millisecond, Reset: 0.01})
//	…
//	chaos.Heal()
//
// Each decision follows from the seed, the ordinal of the connection and the ordinal of its Read or Write, and
// from nothing else: the same seed gives the same faults to the same operations. A Chaos is safe for concurrent
// use and starts no goroutine. One that is used in a testing/synctest bubble must be made there.
type Chaos struct {
	seed  uint64
	spell atomic.Pointer[spell]

	mu    sync.Mutex
	conns int // ever wrapped
	hits  [len(kinds)][]Hit
}

// Faults says what a Chaos does to its connections, to both directions of each. They can be combined; the
// zero value does nothing.
type Faults struct {
	Latency time.Duration // before the bytes of a Write leave, and those of a Read are handed over
	Jitter  time.Duration // up to that much more

	BytesPerSecond int  // each way; 0: unlimited
	OneByte        bool // each byte is written and read alone

	// BlackHole lets nothing pass, not even the end of the connection that the other side has closed. Nothing
	// is lost: it passes when the hole is gone. Deadlines, Close and CloseWrite take effect at once.
	BlackHole bool

	Reset      float64 // probability of a Write to be cut short, and both sides to see a reset
	ResetAfter int64   // bytes that a connection writes since Set, and is reset then; 0: none
	HalfClose  float64 // probability of a Write to find the way closed: the other side reads EOF, the way back is open
	BitFlip    float64 // probability of a Write or Read to have one wrong bit
}

// spell is the time from one Set to the next.
type spell struct {
	Faults
	over chan struct{}
}

// NewChaos makes a Chaos without faults.
func NewChaos(seed uint64) *Chaos {
	c := &Chaos{seed: seed}
	c.spell.Store(&spell{over: make(chan struct{})})
	return c
}

// Seed gives the seed, for the log of a test.
func (c *Chaos) Seed() uint64 { return c.seed }

// Set puts faults in force, in place of those before, for all connections and at once: an operation that waits
// goes on by the new ones.
func (c *Chaos) Set(f Faults) {
	before := c.spell.Swap(&spell{Faults: f, over: make(chan struct{})})
	close(before.over)
}

// Heal ends all faults. Connections that were cut stay cut.
func (c *Chaos) Heal() { c.Set(Faults{}) }

// Wrap puts the faults around a connection. It owns the connection from now on.
func (c *Chaos) Wrap(inner net.Conn) net.Conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := &chaosConn{Conn: inner, chaos: c, ordinal: c.conns, try: tryWriteOf(inner), closed: make(chan struct{})}
	w.in.name, w.out.name = Reading, Writing
	c.conns++
	return w
}

// slow says that operations may have to wait for their time.
func (f Faults) slow() bool { return f.Latency > 0 || f.Jitter > 0 || f.BytesPerSecond > 0 }

// quick says that a write need neither wait nor fail.
func (f Faults) quick() bool {
	f.OneByte = false
	return f == Faults{}
}

// piece is how many of n bytes pass in one go.
func (f Faults) piece(n int) int {
	switch {
	case f.OneByte:
		return min(n, 1)
	case f.BytesPerSecond > 0:
		return min(n, max(f.BytesPerSecond/50, 1)) // in steps of 20 ms
	}
	return n
}

// takes is how long n bytes are on their way.
func (f Faults) takes(n int) time.Duration {
	if f.BytesPerSecond <= 0 {
		return 0
	}
	return time.Duration(n) * time.Second / time.Duration(f.BytesPerSecond)
}
