package service_test

import (
	"testing"
	"time"

	"quartet/internal/timed"
)

// p95 repeats a try and says whether 95 of 100 stayed within the limit, to which the worst stall is added.
func p95(t *testing.T, tries int, limit time.Duration, try func() time.Duration) {
	t.Helper()
	worst := timed.Stalls()
	var took []time.Duration
	for range tries {
		took = append(took, try())
	}
	timed.Within(t, "all tries", took, limit, worst())
}

// took measures one try.
func took(f func()) time.Duration {
	began := time.Now()
	f()
	return time.Since(began)
}
