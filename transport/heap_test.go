package transport

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// heapPeak watches the heap until the returned check is called, which fails if more than limit bytes came to
// be in use, or more than twice that with the garbage.
func heapPeak() (check func(limit uint64) error) {
	samples := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/objects:bytes"}}
	old := debug.SetGCPercent(20)
	runtime.GC()
	metrics.Read(samples)
	live, all := samples[0].Value.Uint64(), samples[1].Value.Uint64()
	maxLive, maxAll, before := live, all, live
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-end:
				return
			case <-tick.C:
			}
			metrics.Read(samples)
			maxAll = max(maxAll, samples[1].Value.Uint64())
			if n%10 == 0 {
				runtime.GC()
				metrics.Read(samples)
				now := samples[0].Value.Uint64()
				maxLive = max(maxLive, min(before, now)) // what is given up during a collection counts as live once
				before = now
			}
		}
	}()
	return func(limit uint64) error {
		close(end)
		<-ended
		debug.SetGCPercent(old)
		if maxLive-live > limit || maxAll-all > 2*limit {
			return fmt.Errorf("the heap grew by %d KiB in use and %d KiB in all, the limit is %d",
				(maxLive-live)>>10, (maxAll-all)>>10, limit>>10)
		}
		return nil
	}
}
