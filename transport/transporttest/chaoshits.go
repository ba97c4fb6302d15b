package transporttest

import (
	"cmp"
	"fmt"
	"slices"
)

// Kind is a kind of fault.
type Kind uint8

// The kinds, as the fields of Faults.
const (
	Delay     Kind = iota // Latency and Jitter
	Trickle               // BytesPerSecond
	OneByte               // OneByte
	BlackHole             // BlackHole
	Reset                 // Reset and ResetAfter
	HalfClose             // HalfClose
	BitFlip               // BitFlip
)

var kinds = [...]string{"delay", "trickle", "one byte", "black hole", "reset", "half-close", "bit flip"}

// String names the kind.
func (k Kind) String() string { return kinds[k] }

// Way is a direction of a connection, as seen by who holds its wrapped end.
type Way uint8

// The two directions.
const (
	Reading Way = iota
	Writing
)

// String names the operation.
func (w Way) String() string { return [...]string{"read", "write"}[w] }

// Hit is a fault that met an operation.
type Hit struct {
	Conn int // the ordinal of the connection among those that were wrapped, from 0
	Way  Way
	Op   int // the ordinal among the Reads that brought bytes, or among the Writes, of the connection, from 0
	Kind Kind
	N    int64 // Delay: nanoseconds; Reset: bytes that still left; BitFlip: which bit, from 0; otherwise 0
}

// String is for the log of a test.
func (h Hit) String() string {
	return fmt.Sprintf("connection %d, %v %d: %v %d", h.Conn, h.Way, h.Op, h.Kind, h.N)
}

// maxHits of each kind are kept.
const maxHits = 8192

func (c *Chaos) hit(h Hit) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.hits[h.Kind]) < maxHits {
		c.hits[h.Kind] = append(c.hits[h.Kind], h)
	}
}

// Hits lists the faults that have met operations, by connection, way and operation: the first 8,192 of each
// kind.
func (c *Chaos) Hits() []Hit {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := slices.Concat(c.hits[:]...)
	slices.SortFunc(all, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(a.Conn, b.Conn), cmp.Compare(a.Way, b.Way), cmp.Compare(a.Op, b.Op), cmp.Compare(a.Kind, b.Kind))
	})
	return all
}

// Count counts the hits of a kind, up to 8,192.
func (c *Chaos) Count(k Kind) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.hits[k])
}
