package service_test

import (
	"runtime"
	"runtime/metrics"
	"testing"
	"time"

	"quartet/transport"
)

// heapSlack is what the heap may grow by under attack, beside the budget for large frames.
const heapSlack = 8 << 20

// heapWatch looks at the heap all the time. Only tests that run alone may use it.
type heapWatch struct {
	before int64
	stop   chan struct{}
	peak   chan int64
}

func watchHeap() *heapWatch {
	w := &heapWatch{before: liveHeap(), stop: make(chan struct{}), peak: make(chan int64, 1)}
	go w.run()
	return w
}

func (w *heapWatch) run() {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	var peak int64
	for {
		peak = max(peak, heapNow())
		select {
		case <-tick.C:
		case <-w.stop:
			w.peak <- peak
			return
		}
	}
}

// end returns by how much the heap had grown at its peak, garbage included, and what of that is still there once those
// who were cut off have been cleared away.
func (w *heapWatch) end(t *testing.T) (peak, kept int64) {
	t.Helper()
	close(w.stop)
	rogueAwait(t, "the memory comes back", func() bool {
		kept = w.inUse()
		return kept <= heapSlack
	})
	return <-w.peak - w.before, kept
}

// inUse is by how much the heap has grown, without garbage.
func (w *heapWatch) inUse() int64 { return liveHeap() - w.before }

func liveHeap() int64 {
	runtime.GC()
	runtime.GC() // pools give up what they hold in the second
	return heapNow()
}

func heapNow() int64 {
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(s)
	return int64(s[0].Value.Uint64())
}

// heapHolds checks the promise about memory.
func (s *siege) heapHolds(w *heapWatch) {
	s.t.Helper()
	peak, kept := w.end(s.t)
	s.t.Logf("heap: %.1f MiB at the peak, %.1f MiB kept", mib(peak), mib(kept))
	s.True(peak <= transport.Budget+heapSlack) // never more than the budget and a little, garbage included
}

func mib(n int64) float64 { return float64(n) / (1 << 20) }
