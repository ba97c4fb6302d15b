// Package headroom spares a busy process most of its garbage collections.
//
// Go collects when the heap has doubled, and a process that only passes messages on has next to nothing in its heap: it
// collects sixty times a second, and does up to a half less for it. So while that happens this package holds a block that
// nobody touches: it counts as heap, so collections become rarer, and takes no memory itself, but where the heap has such a
// piece to spare, which was touched before. What a process then has more is garbage, at most about [Size]. When collections
// are rare without it, or nobody has entered, the block is given back.
//
// Who has said how to collect, by GOGC or GOMEMLIMIT or package runtime/debug, knows better, and is left alone.
package headroom

import (
	"math"
	"runtime"
	"runtime/metrics"
	"sync"
	"time"
)

// Size is how many bytes the block has.
const Size = 16 << 20

const (
	often  = 100 * time.Millisecond // collections less than this apart come too often
	enough = 8                      // so many of them in a row show that it is no accident
	rarely = 2 * time.Second        // collections further apart than this show that the block is not needed
)

var process keeper

// Enter says that something is in use that makes garbage, and Leave that it no longer is. Both are safe for
// concurrent use.
func Enter() { process.enter() }

// Leave undoes one Enter.
func Leave() { process.leave() }

// keeper holds the block. It learns of collections by the end of an object that nothing refers to: there is no goroutine
// and no timer.
type keeper struct {
	mu       sync.Mutex
	entered  int
	watching bool      // a canary is in the heap
	asked    uint64    // collections that somebody asked for, which tell nothing
	last     time.Time // the last one of the others
	row      int       // of the others, those so far that came too often
	block    []byte
}

func (k *keeper) enter() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.entered++
	if !k.watching {
		k.watching = true
		k.asked, _ = collector()
		k.last, k.row = time.Now(), 0
		k.watch()
	}
}

func (k *keeper) leave() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.entered--; k.entered == 0 {
		k.block = nil
	}
}

// canary is as small as an object can be that is collected by itself: those below 16 bytes without pointers share a place.
type canary struct{ _ [16]byte }

// watch lets the next collection call collected.
func (k *keeper) watch() { runtime.AddCleanup(new(canary), (*keeper).collected, k) }

func (k *keeper) collected() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.entered == 0 {
		k.watching = false
		return
	}
	k.judge(collector())
	k.watch()
}

// judge is told of each collection how many were asked for so far, and whether somebody has said how to collect.
func (k *keeper) judge(asked uint64, tuned bool) {
	now := time.Now()
	since := now.Sub(k.last)
	switch {
	case asked != k.asked:
		k.asked = asked
	case since >= often:
		k.last, k.row = now, 0
	default:
		k.last = now
		k.row++
	}
	switch {
	case tuned || since > rarely:
		k.block = nil
	case k.block == nil && k.row >= enough:
		k.block = make([]byte, Size)
	}
}

// collector tells how many collections were asked for, and whether it has other settings than a program has that says nothing.
func collector() (asked uint64, tuned bool) {
	s := []metrics.Sample{{Name: "/gc/cycles/forced:gc-cycles"}, {Name: "/gc/gogc:percent"}, {Name: "/gc/gomemlimit:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64(), s[1].Value.Uint64() != 100 || s[2].Value.Uint64() != math.MaxInt64
}
