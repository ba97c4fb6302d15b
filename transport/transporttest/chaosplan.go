package transporttest

import (
	"encoding/binary"
	"math/rand/v2"
	"time"
)

// plan is what was decided about one operation.
type plan struct {
	delay time.Duration
	flip  int // which bit is wrong; -1: none
	cut   int // bytes that leave before a reset; -1: no reset
	half  bool
}

// decide makes the plan of the next operation of a way. All dice are thrown for each, so that to switch one
// fault on changes nothing about the others.
func (c *chaosConn) decide(w *way, size int) plan {
	op := w.ops
	w.ops++
	s := c.chaos.spell.Load()
	if w.since != s {
		w.since, w.bytes = s, 0
	}
	p := plan{flip: -1, cut: -1}
	if s.Faults == (Faults{}) {
		return p
	}
	r := c.dice(w, op)
	late, reset, half, flip := r.Float64(), r.Float64(), r.Float64(), r.Float64()
	cut, bit := r.Float64(), r.Float64()
	p.delay = s.Latency + time.Duration(late*float64(s.Jitter))
	if flip < s.BitFlip {
		p.flip = int(bit * float64(8*size))
	}
	if w.name == Writing {
		p.half = half < s.HalfClose
		if reset < s.Reset {
			p.cut = int(cut * float64(size)) // less than all: who hears of a reset may trust that not all has left
		}
		if left := s.ResetAfter - w.bytes; s.ResetAfter > 0 && left < int64(size) {
			p.cut = int(max(left, 0))
		}
		w.bytes += int64(size)
	}
	c.report(w, op, s.Faults, p)
	return p
}

// dice are of one operation.
func (c *chaosConn) dice(w *way, op int) *rand.Rand {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], c.chaos.seed)
	binary.LittleEndian.PutUint64(key[8:], uint64(c.ordinal))
	binary.LittleEndian.PutUint64(key[16:], uint64(w.name))
	binary.LittleEndian.PutUint64(key[24:], uint64(op))
	return rand.New(rand.NewChaCha8(key))
}

func (c *chaosConn) report(w *way, op int, f Faults, p plan) {
	met := func(k Kind, yes bool, n int64) {
		if yes {
			c.chaos.hit(Hit{Conn: c.ordinal, Way: w.name, Op: op, Kind: k, N: n})
		}
	}
	met(Delay, p.delay > 0, int64(p.delay))
	met(Trickle, f.BytesPerSecond > 0, 0)
	met(OneByte, f.OneByte, 0)
	met(BlackHole, f.BlackHole, 0)
	met(HalfClose, p.half, 0)
	met(Reset, p.cut >= 0 && !p.half, int64(p.cut))
	met(BitFlip, p.flip >= 0, int64(p.flip))
}
