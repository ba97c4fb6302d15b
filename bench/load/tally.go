package load

import (
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"quartet/bench/stats"
)

// tally counts what a run does. Only what ends while it is open counts.
type tally struct {
	open  atomic.Bool // counting
	ended atomic.Bool // callers are to stop

	latencies *stats.Latencies
	failed    atomic.Int64
	made      atomic.Uint64 // calls, while it was not open, too

	mu    sync.Mutex
	wrong error // an answer that is not what was sent: the run is worth nothing
	first error // of the calls that failed

	began   time.Time
	took    time.Duration
	mallocs uint64
}

func newTally() *tally { return &tally{latencies: stats.NewLatencies()} }

// pace opens the tally after the time for warming up, closes it after the time that counts, and tells callers to stop.
func (t *tally) pace(w Work) {
	time.Sleep(w.Warm)
	t.start()
	time.Sleep(w.Time)
	t.stop()
	t.ended.Store(true)
}

func (t *tally) start() {
	t.mallocs = mallocs()
	t.began = time.Now()
	t.open.Store(true)
}

func (t *tally) stop() {
	t.open.Store(false)
	t.took = time.Since(t.began)
	t.mallocs = mallocs() - t.mallocs
}

func mallocs() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs
}

// pause is how long a caller that was refused waits before it asks again.
const pause = time.Millisecond

// fail counts a call that failed.
func (t *tally) fail(err error) {
	if t.open.Load() {
		t.failed.Add(1)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.first == nil {
		t.first = err
	}
}

// spoil ends the run: an answer was wrong.
func (t *tally) spoil(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.wrong = errors.Join(t.wrong, err)
	t.ended.Store(true)
}

func (t *tally) spoiled() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.wrong != nil
}

// done sums up.
func (t *tally) done() (stats.Sample, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.wrong != nil {
		return nil, t.wrong
	}
	n := t.latencies.Count()
	if n == 0 {
		return nil, errors.Join(errors.New("no call was answered"), t.first)
	}
	s := stats.Sample{
		stats.Rate:   float64(n) / t.took.Seconds(),
		stats.Calls:  float64(t.made.Load()),
		stats.Errors: float64(t.failed.Load()),
		stats.Allocs: float64(t.mallocs) / float64(n),
	}
	t.latencies.Into(s)
	return s, nil
}
