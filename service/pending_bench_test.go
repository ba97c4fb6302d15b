package service

import (
	"fmt"
	"testing"
	"time"

	"quartet/transport/wire"
)

// BenchmarkPending is what the table of requests under way costs a call: its place is taken and freed, among others. No lock
// is held and nothing is sent.
func BenchmarkPending(b *testing.B) {
	for _, others := range []int{0, 63, 1023} {
		b.Run(fmt.Sprintf("among %d", others), func(b *testing.B) {
			r := &remote{client: &Client{ids: wire.NewIDSource()}}
			i := &instance{remote: r, ready: true, window: 2048, windowBytes: 32 << 20, pending: map[wire.ID]*attempt{}}
			r.instances = []*instance{i}
			now := time.Now()
			for range others {
				i.reserve(&call{size: 256}, now)
			}
			c := &call{size: 256}
			b.ReportAllocs()
			for b.Loop() {
				c.first.inst = nil // a call of its own each time
				if best, v, _ := r.pick(c, now); v != placed || !best.drop(best.reserve(c, now)) {
					b.Fatal("no place")
				}
			}
		})
	}
}
