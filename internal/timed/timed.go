// Package timed helps tests that judge time. On a machine with other work even a ticker is late now and then, and so is
// whatever a test measures meanwhile. So such a test judges the p95 of repeated tries, not each of them, and adds the worst
// stall of a ticker in the same process to its limit: what the machine took is not held against the code.
package timed

import (
	"slices"
	"sync"
	"testing"
	"time"
)

// defaultBeat is how often the ticker of Stalls is due: seldom enough to cost nothing beside what is measured.
const defaultBeat = 5 * time.Millisecond

// Stalls watches a ticker of 5 ms until worst is called, which returns by how much the ticker was late at most. worst may be
// called more than once, by several goroutines at a time, and returns the same each time; a test that never calls it leaves a
// goroutine behind.
func Stalls() (worst func() time.Duration) { return StallsEvery(defaultBeat) }

// StallsEvery is Stalls with a ticker of another beat, which must be positive. A stall that begins between two ticks is found
// shorter than it was by less than a beat, so a finer beat finds more.
func StallsEvery(beat time.Duration) (worst func() time.Duration) {
	end, ended := make(chan struct{}), make(chan time.Duration, 1)
	go func() {
		tick := time.NewTicker(beat)
		defer tick.Stop()
		ended <- latest(tick.C, beat, end)
	}()
	return sync.OnceValue(func() time.Duration {
		close(end)
		return <-ended
	})
}

// latest takes ticks until the end, and returns by how much the time between two of them was over the beat, at most.
func latest(ticks <-chan time.Time, beat time.Duration, end <-chan struct{}) (most time.Duration) {
	for last := time.Now(); ; {
		select {
		case <-ticks:
			now := time.Now() // a tick tells when it was due, and not when this process could take it
			most, last = max(most, now.Sub(last)-beat), now
		case <-end:
			return most
		}
	}
}

// P95 sorts the times and returns the one that 95 of 100 do not exceed, rounded up to one that was measured: of less than 20
// it is the longest. It is 0 if there are none.
func P95(took []time.Duration) time.Duration {
	if len(took) == 0 {
		return 0
	}
	slices.Sort(took)
	return took[(len(took)*95+99)/100-1]
}

// Within sorts the times, and fails the test, which goes on, if their P95 is over the limit and the stall, or if there are
// none. It logs what it has found; what names the times there. The longest is the last afterwards, for a test that judges
// that one, too.
func Within(t testing.TB, what string, took []time.Duration, limit, stall time.Duration) {
	t.Helper()
	if len(took) == 0 {
		t.Errorf("%s: nothing was measured", what)
		return
	}
	p95 := P95(took)
	t.Logf("%s: p50 %v, p95 %v, worst %v of %d; the limit is %v plus a stall of %v",
		what, took[len(took)/2], p95, took[len(took)-1], len(took), limit, stall)
	if p95 > limit+stall {
		t.Errorf("%s: the p95 of %d tries is %v, over %v plus a stall of %v", what, len(took), p95, limit, stall)
	}
}
