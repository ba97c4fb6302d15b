package faults_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"quartet/internal/timed"
)

const (
	rate      = 500 // calls a second
	sendRate  = 50  // and Sends
	drainTime = 5 * time.Second
)

// TestTimedRollingRestart: three instances are restarted one after the other at 500 calls a second. No call fails, every
// Send that was accepted is answered by an instance, and each drain is short.
func TestTimedRollingRestart(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w world) {
		m := newMesh(t, w, 3)
		calls := pour(rate, func() { m.book.call(context.Background(), m.client, ask{nap: 20 * time.Millisecond}) })
		sends := pour(sendRate, func() { m.book.send(context.Background(), m.client, ask{nap: 300 * time.Millisecond}) })
		worst := timed.Stalls()
		var drains []time.Duration
		for range orFull(1, 5) {
			for i, old := range m.all {
				pass(500 * time.Millisecond)
				told := time.Now()
				m.Equal(old.stop(), 0) // a clean end
				drains = append(drains, time.Since(told))
				m.all[i] = old.again()
				await(t, "its successor is asked", func() bool { return m.all[i].runs.Load() > 0 })
			}
		}
		calls()
		sends()
		m.settle()
		stall := worst()
		timed.Within(t, "drains", drains, drainTime, stall)
		m.True(slices.Max(drains) <= drainTime+stall)                           // the longest, too
		m.Equal(m.book.find(func(e *entry) bool { return !e.answered() }), nil) // nothing failed: each was answered by an instance
		m.Equal(m.book.problems(stall), nil)
		t.Logf("%d calls, %d Sends", m.book.count(func(e *entry) bool { return !e.sent }), m.book.count(func(e *entry) bool { return e.sent }))
	})
}
