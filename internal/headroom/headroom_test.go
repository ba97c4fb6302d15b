package headroom

import (
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"
)

// TestMain undoes what GOGC and GOMEMLIMIT say.
func TestMain(m *testing.M) {
	debug.SetGCPercent(100)
	debug.SetMemoryLimit(math.MaxInt64)
	m.Run()
}

func TestJudge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // its clock
		is := is.New(t)
		k := &keeper{last: time.Now()}
		collections := func(n int, apart time.Duration, tuned bool) {
			for range n {
				time.Sleep(apart)
				k.judge(collector{tuned: tuned})
			}
		}

		collections(enough-1, often-1, false)
		is.True(k.held == nil) // not yet
		collections(1, often, false)
		collections(enough-1, often-1, false)
		is.True(k.held == nil) // not in a row
		collections(1, often-1, false)
		is.True(k.held != nil)

		collections(100, often, false)
		collections(1, rarely, false)
		is.True(k.held != nil) // it is the block that made them rarer
		collections(1, rarely+1, false)
		is.True(k.held == nil) // nobody needs it

		collections(enough, often-1, false)
		is.True(k.held != nil)
		collections(1, often-1, true)
		is.True(k.held == nil) // somebody knows better now
		collections(2*enough, often-1, true)
		is.True(k.held == nil)

		for range 2 * enough { // a large heap
			time.Sleep(often - 1)
			k.judge(collector{live: Size})
		}
		is.True(k.held == nil)
		collections(1, often-1, false)
		is.True(k.held != nil)
		k.judge(collector{live: 3 * Size}) // what is held is part of it
		is.True(k.held != nil)
		k.judge(collector{live: 3*Size + 1})
		is.True(k.held == nil)
		collections(enough-1, often-1, false)
		is.True(k.held == nil) // it has to be shown anew
		collections(1, often-1, false)
		is.True(k.held != nil)
	})
}

// TestAskedFor: who calls runtime.GC in a loop does not get the block, and does not keep it from being given back.
func TestAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		k := &keeper{last: time.Now()}
		for asked := range uint64(3 * enough) {
			time.Sleep(time.Millisecond)
			k.judge(collector{asked: asked + 1})
			is.True(k.held == nil)
		}
		k.held = new(strings.Builder)
		for asked := range uint64(rarely / often) {
			time.Sleep(often)
			k.judge(collector{asked: 4*enough + asked})
		}
		is.True(k.held == nil)
	})
}

// TestBusyProcess lets real collections come. It has the process for itself: no test here is parallel.
func TestBusyProcess(t *testing.T) {
	is := is.New(t)
	var k keeper
	k.enter()
	k.enter()
	is.True(makeGarbage(&k, true)) // the block came
	is.True(inHeap() > Size)       // and counts

	runtime.GC() // what it is worth: the next collection waits for as much garbage again
	before := cycles()
	litter(Size)
	is.True(cycles()-before <= 1) // four without it

	k.leave()
	is.True(k.holds()) // one is left
	k.leave()
	is.True(!k.holds())
	is.True(makeGarbage(&k, false)) // no collection is asked about any more
	k.enter()
	is.True(makeGarbage(&k, true)) // who comes back has it again
	k.leave()
}

// TestLargeHeap: what the runtime tells of the heap counts.
func TestLargeHeap(t *testing.T) {
	is := is.New(t)
	large := make([]byte, 2*Size)
	runtime.GC()
	is.True(look().live > 2*Size && look().live < 3*Size)
	runtime.KeepAlive(large)
	runtime.GC()
	is.True(look().live < Size)
}

func TestTunedProcess(t *testing.T) {
	is := is.New(t)
	tuned := func() bool { return look().tuned }
	is.True(!tuned())
	was := debug.SetGCPercent(50)
	is.True(tuned())
	debug.SetGCPercent(was)
	limit := debug.SetMemoryLimit(1 << 30)
	is.True(tuned())
	debug.SetMemoryLimit(limit)
	is.True(!tuned())
}

func (k *keeper) holds() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.held != nil
}

func (k *keeper) watches() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.watching
}

// makeGarbage goes on until the keeper holds its block, or no longer watches; false after 30 s.
func makeGarbage(k *keeper, until bool) bool {
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); {
		litter(1 << 20)
		if until && k.holds() || !until && !k.watches() {
			return true
		}
	}
	return false
}

var trash []byte

func litter(n int) {
	for range n >> 10 {
		trash = make([]byte, 1<<10)
	}
}

func cycles() uint64 { return read("/gc/cycles/total:gc-cycles") }
func inHeap() uint64 { return read("/memory/classes/heap/objects:bytes") }

func read(name string) uint64 {
	s := []metrics.Sample{{Name: name}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}
