// Package headroom spares a busy process most of its garbage collections.
//
// Go collects when the heap has doubled, and a process that only passes messages on has next to nothing in its heap: it
// collects sixty times a second, and does up to a half less for it. So while that happens this package holds memory that
// nobody touches: it counts as heap, so collections become rarer. What a process takes more is garbage, about [Size]. It is
// given back at a collection that shows that it is not needed, of which an idle process has one in two minutes.
//
// A heap that is large anyway gets nothing, and one that has become large, over twice Size, gives it back. Who has said
// how to collect, by GOGC (other than 100), GOMEMLIMIT or package runtime/debug, knows better, and is left alone.
package headroom

import (
	"math"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync"
	"time"
)

// Size is how many bytes are held.
const Size = 16 << 20

const (
	often  = 100 * time.Millisecond // collections less than this apart come too often
	enough = 8                      // so many of them in a row show that it is no accident
	rarely = 2 * time.Second        // collections further apart than this show that nothing is needed
)

var process keeper

// Enter says that something is in use that makes garbage, and Leave that it no longer is. Both are safe for
// concurrent use.
func Enter() { process.enter() }

// Leave undoes one Enter.
func Leave() { process.leave() }

// Entered is how many Enters are not undone: for tests.
func Entered() int {
	process.mu.Lock()
	defer process.mu.Unlock()
	return process.entered
}

// keeper holds the memory. It learns of collections by the end of an object that nothing refers to: there is no goroutine
// and no timer.
type keeper struct {
	mu       sync.Mutex
	entered  int
	watching bool             // a canary is in the heap
	asked    uint64           // collections that somebody asked for, which tell nothing of how often they come
	last     time.Time        // the last one of the others
	row      int              // of the others, those so far that came too often
	held     *strings.Builder // of which the runtime does not even clear, and so touch, what is unused
}

func (k *keeper) enter() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.entered++
	if !k.watching {
		k.watching = true
		k.asked = look().asked
		k.last, k.row = time.Now(), 0
		k.watch()
	}
}

func (k *keeper) leave() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.entered--; k.entered == 0 {
		k.giveBack()
	}
}

// canary is large enough to be collected by itself: small objects without pointers share a place.
type canary struct{ _ [32]byte }

// watch lets the next collection call collected.
func (k *keeper) watch() { runtime.AddCleanup(new(canary), (*keeper).collected, k) }

func (k *keeper) collected() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.entered == 0 {
		k.watching = false
		return
	}
	k.judge(look())
	k.watch()
}

// judge is told of each collection.
func (k *keeper) judge(c collector) {
	now := time.Now()
	since := now.Sub(k.last)
	switch {
	case c.asked != k.asked:
		k.asked = c.asked
	case since >= often:
		k.last, k.row = now, 0
	default:
		k.last = now
		k.row++
	}
	switch {
	case k.held != nil && (c.tuned || since > rarely || c.live > 3*Size): // itself, and twice as much
		k.giveBack()
	case k.held == nil && k.row >= enough && !c.tuned && c.live < Size:
		k.held = new(strings.Builder)
		k.held.Grow(Size)
	}
}

func (k *keeper) giveBack() { k.held, k.row = nil, 0 }

// collector is what the runtime tells of its collections.
type collector struct {
	asked uint64 // how many somebody asked for
	live  uint64 // bytes that the last one left
	tuned bool   // it has other settings than a program has that says nothing
}

func look() collector {
	s := []metrics.Sample{
		{Name: "/gc/cycles/forced:gc-cycles"}, {Name: "/gc/heap/live:bytes"}, {Name: "/gc/gogc:percent"}, {Name: "/gc/gomemlimit:bytes"},
	}
	metrics.Read(s)
	return collector{
		asked: s[0].Value.Uint64(), live: s[1].Value.Uint64(),
		tuned: s[2].Value.Uint64() != 100 || s[3].Value.Uint64() != math.MaxInt64,
	}
}
