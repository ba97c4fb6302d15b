package service

import (
	"math"
	"testing"
	"time"

	"github.com/matryer/is"
)

// TestDelays: what lay in buffers is charged, and what clocks drift is not, however long a link lives and however often it
// is used.
func TestDelays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		ppm   int64         // by which the sender's clock is too slow
		every time.Duration // a request
		lasts time.Duration
	}{
		{"no drift", 0, time.Second, time.Hour},
		{"a month", 200, 10 * time.Second, 30 * 24 * time.Hour},
		{"the other way", -200, 10 * time.Second, 30 * 24 * time.Hour},
		{"many requests", 400, 100 * time.Microsecond, 2 * time.Minute},
		{"few requests", 400, time.Hour, 30 * 24 * time.Hour},
	} {
		t.Run(c.name, func(t *testing.T) {
			is := is.New(t)
			var d delays
			arrived := int64(0)
			sent := func() int64 { return 1e12 + arrived - arrived*c.ppm/1e6 }
			for ; arrived < c.lasts.Microseconds(); arrived += c.every.Microseconds() {
				is.True(d.excess(arrived, sent()) <= time.Microsecond) // it came at once
			}
			const late = time.Second
			charged := d.excess(arrived, sent()-late.Microseconds())
			forgiven := c.every / driftOf * 2
			is.True(charged <= late+time.Microsecond && charged >= late-forgiven-time.Millisecond) // what it was late by
		})
	}
}

// TestDelaysOfLiars: no clock makes a request early, or the sum run over.
func TestDelaysOfLiars(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	ends := []int64{math.MinInt64, math.MinInt64 + 1, -1, 0, 1, math.MaxInt64 - 1, math.MaxInt64}
	for _, first := range ends {
		for _, second := range ends {
			var d delays
			is.Equal(d.excess(1, first), time.Duration(0)) // the first sets the measure
			is.True(d.excess(1<<50, second) >= 0)
			is.True(d.excess(1<<51, first) >= 0)
		}
	}
}
