package service_test

import (
	"slices"
	"testing"
	"time"
)

// stalls measures the worst stall of a ticker in this process: what the machine itself added to a time. stop
// ends it.
func stalls() (worst func() time.Duration) {
	const beat = 5 * time.Millisecond
	end, ended := make(chan struct{}), make(chan time.Duration, 1)
	go func() {
		tick := time.NewTicker(beat)
		defer tick.Stop()
		var most time.Duration
		for last := time.Now(); ; {
			select {
			case <-tick.C:
				now := time.Now()
				most = max(most, now.Sub(last)-beat)
				last = now
			case <-end:
				ended <- most
				return
			}
		}
	}()
	return func() time.Duration {
		close(end)
		return <-ended
	}
}

// p95 repeats a try and says whether 95 of 100 stayed within the limit, to which the worst stall is added.
func p95(t *testing.T, tries int, limit time.Duration, try func() time.Duration) {
	t.Helper()
	worst := stalls()
	var took []time.Duration
	for range tries {
		took = append(took, try())
	}
	judge(t, took, limit, worst())
}

func judge(t *testing.T, took []time.Duration, limit, stall time.Duration) {
	t.Helper()
	slices.Sort(took)
	at := took[(len(took)*95+99)/100-1]
	t.Logf("p50 %v, p95 %v, worst %v; the limit is %v plus a stall of %v", took[len(took)/2], at, took[len(took)-1], limit, stall)
	if at > limit+stall {
		t.Errorf("the p95 of %d tries is %v, over %v plus a stall of %v", len(took), at, limit, stall)
	}
}

// took measures one try.
func took(f func()) time.Duration {
	began := time.Now()
	f()
	return time.Since(began)
}
