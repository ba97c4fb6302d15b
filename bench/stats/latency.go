package stats

import (
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Latencies collects how long calls took. It is safe for concurrent use through Lanes.
type Latencies struct {
	mu   sync.Mutex
	hist *hdrhistogram.Histogram
}

// longest is the longest time that is told from longer ones.
const longest = time.Minute

// NewLatencies makes an empty collection, exact to three digits.
func NewLatencies() *Latencies {
	return &Latencies{hist: hdrhistogram.New(1, int64(longest), 3)}
}

// Lane is one goroutine's way into a collection. It takes the lock once for many times, so that to measure costs little.
type Lane struct {
	to    *Latencies
	times []time.Duration
}

const laneLength = 128

// Lane makes a way in.
func (l *Latencies) Lane() *Lane { return &Lane{to: l, times: make([]time.Duration, 0, laneLength)} }

// Add notes the time of one call.
func (l *Lane) Add(d time.Duration) {
	l.times = append(l.times, d)
	if len(l.times) == laneLength {
		l.Flush()
	}
}

// Flush hands over what is noted. It is called at the end.
func (l *Lane) Flush() {
	l.to.mu.Lock()
	defer l.to.mu.Unlock()
	for _, d := range l.times {
		_ = l.to.hist.RecordValue(int64(min(max(d, 1), longest))) // in range, so it is taken
	}
	l.times = l.times[:0]
}

// Count says how many times are in it.
func (l *Latencies) Count() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.hist.TotalCount()
}

// Into writes the percentiles into a sample.
func (l *Latencies) Into(s Sample) {
	l.mu.Lock()
	defer l.mu.Unlock()
	micros := func(ns int64) float64 { return float64(ns) / 1e3 }
	s[P50] = micros(l.hist.ValueAtPercentile(50))
	s[P99] = micros(l.hist.ValueAtPercentile(99))
	s[Max] = micros(l.hist.Max())
}
