package faults_test

import (
	"slices"
	"sync"
	"testing"
	"time"
)

// pour calls one so many times a second, each in a goroutine of its own, whatever becomes of those before. stop ends it and
// waits for the last.
func pour(rate int, one func()) (stop func()) {
	end := make(chan struct{})
	var ended, calls sync.WaitGroup
	ended.Go(func() {
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		began := time.Now()
		for n := 0; ; {
			select {
			case <-end:
				return
			case <-tick.C:
			}
			for due := int(time.Since(began).Seconds() * float64(rate)); n < due; n++ {
				calls.Go(one)
			}
		}
	})
	return func() {
		close(end)
		ended.Wait()
		calls.Wait()
	}
}

// pass lets time pass, for a fault or for what comes after it.
func pass(d time.Duration) { <-time.After(d) }

// stalls measures the worst stall of a ticker in this process: what the machine itself added to a time. It ends when worst
// is called.
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
	return sync.OnceValue(func() time.Duration {
		close(end)
		return <-ended
	})
}

// p95 is within what 95 of 100 stayed.
func p95(took []time.Duration) time.Duration {
	if len(took) == 0 {
		return 0
	}
	slices.Sort(took)
	return took[(len(took)*95+99)/100-1]
}

// judge says that 95 of 100 stayed within the limit, to which the worst stall is added.
func judge(t *testing.T, what string, took []time.Duration, limit, stall time.Duration) {
	t.Helper()
	at := p95(took)
	if len(took) == 0 {
		t.Errorf("%s: nothing was measured", what)
		return
	}
	t.Logf("%s: p50 %v, p95 %v, worst %v of %d; the limit is %v plus a stall of %v", what, took[len(took)/2], at, took[len(took)-1], len(took), limit, stall)
	if at > limit+stall {
		t.Errorf("%s: the p95 of %d tries is %v, over %v plus a stall of %v", what, len(took), at, limit, stall)
	}
}
