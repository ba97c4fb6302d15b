package transporttest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"

	"quartet/transport"
)

var deliveryCases = []testCase{
	{name: "both ways", run: bothWays},
	{name: "order and integrity of all sizes", run: allSizes},
	{name: "empty and too large are refused", run: sizeLimits},
	{name: "concurrent senders", run: concurrentSenders},
}

func bothWays(e *env) {
	bound, dialled := e.pair()
	e.send(bound, "to the dialler")
	e.send(dialled, "to the binder")
	e.Equal(dialled.nextText(), "to the dialler") // the dialler receives
	e.Equal(bound.nextText(), "to the binder")    // the binder receives
	e.True(bound.Named() && dialled.Named())      // both announced a pair

	name, _, _ := strings.Cut(bound.String(), " ")
	e.True(strings.HasPrefix(dialled.String(), name)) // both call the pair the same
}

// noise has a prime length, so that it is out of step with every buffer on the way.
var noise = func() []byte {
	b := make([]byte, 65521)
	rand.NewChaCha8([32]byte{}).Read(b)
	return b
}()

// pattern fills a message so that a lost, moved or repeated byte shows.
func pattern(size, seed int) []byte {
	b := make([]byte, size)
	for n := copy(b, noise[seed*7919%len(noise):]); n < size; {
		n += copy(b[n:], noise)
	}
	return b
}

func allSizes(e *env) {
	bound, dialled := e.pair()
	sizes := []int{1, 2, 254, 255, 256, 257, 4095, 4096, 4097, 65535, 65536, 65537,
		1 << 20, 4 << 20, transport.DefaultMaxFrame, 1}
	frames := make([][]byte, len(sizes))
	for i, size := range sizes {
		frames[i] = pattern(size, i)
	}
	for _, way := range []struct{ from, to *peer }{{bound, dialled}, {dialled, bound}} {
		sent := make(chan error, 1)
		go func() {
			for i, size := range sizes {
				if err := way.from.SendWithin(patience, frames[i]); err != nil {
					sent <- fmt.Errorf("%d bytes: %w", size, err)
					return
				}
			}
			sent <- nil
		}()
		for i, size := range sizes {
			m, err := way.to.next()
			e.NoErr(err)                                     // it arrives
			e.Equal(len(m.Frame), size)                      // in its turn
			e.True(bytes.Equal(m.Frame, frames[i]))          // unchanged
			e.True(size < 2 || cap(m.Frame) < 2*size+64<<10) // and does not drag a larger buffer along
		}
		e.NoErr(<-sent) // every size is taken
	}
}

func sizeLimits(e *env) {
	small := func(c *transport.Config) { c.MaxFrame = 1000 }
	bound, dialled := e.pair(small)
	for _, p := range []*peer{bound, dialled} {
		for _, size := range []int{0, 1001, 1 << 20} {
			_, err := p.Send(make([]byte, size))
			e.True(errors.Is(err, transport.ErrFrameSize)) // it is refused
		}
		_, err := p.Send(nil)
		e.True(errors.Is(err, transport.ErrFrameSize)) // so is no frame at all
		e.send(p, strings.Repeat("x", 1000))           // the limit itself is not
	}
	e.Equal(len(bound.nextText()), 1000)   // only the good one came
	e.Equal(len(dialled.nextText()), 1000) // on both sides
}

func concurrentSenders(e *env) {
	const senders, each = 8, 500
	bound, dialled := e.pair(withQueue(64, 0)) // small, so that the paths of a full queue are used too
	ways := []struct{ from, to *peer }{{bound, dialled}, {dialled, bound}}
	sent := make(chan error, 1)
	go func() {
		sent <- together(2*senders, func(i int) error {
			from, sender := ways[i%2].from, i/2
			for n := range each {
				b := binary.BigEndian.AppendUint16(nil, uint16(sender))
				b = binary.BigEndian.AppendUint16(b, uint16(n))
				b = append(b, pattern(n%700, sender)...)
				if err := from.SendWithin(patience, b); err != nil {
					return err
				}
			}
			return nil
		})
	}()
	for _, way := range ways {
		next := [senders]int{}
		for range senders * each {
			m, err := way.to.next()
			e.NoErr(err) // it arrives
			sender := int(binary.BigEndian.Uint16(m.Frame))
			n := int(binary.BigEndian.Uint16(m.Frame[2:]))
			e.Equal(n, next[sender])                                 // in the order of its sender
			e.True(bytes.Equal(m.Frame[4:], pattern(n%700, sender))) // intact
			next[sender]++
		}
	}
	e.NoErr(<-sent) // all were taken
}
