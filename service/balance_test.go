package service

import (
	"math"
	"testing"
	"time"

	"github.com/matryer/is"
)

func TestDecaying(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	now := time.Now()
	d := decaying{value: 8, at: now}
	is.Equal(d.now(now), 8.0)
	is.Equal(d.now(now.Add(halfLife)), 4.0)
	is.Equal(d.now(now.Add(3*halfLife)), 1.0)
	is.Equal(decaying{}.now(now), 0.0)
	is.True(d.now(now.Add(24*time.Hour)) < 1e-9) // nothing is held against anybody for ever
}

func TestStanding(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	now := time.Now()
	var s standing
	is.Equal(s.load(3, now), 3.0) // without a report only our own count
	s.answered(10, 100*time.Millisecond, 0, now)
	is.Equal(s.load(3, now), 10.0)               // the larger of both
	is.Equal(s.load(30, now), 30.0)              //
	is.Equal(s.load(3, now.Add(halfLife)), 5.0)  // a report is forgotten by halves
	is.Equal(s.load(0, now.Add(time.Hour)), 0.0) //
	is.True(math.Abs(s.latency.now(now)-0.1) < 1e-9)
	s.answered(10, 200*time.Millisecond, 0, now)
	is.True(math.Abs(s.latency.now(now)-0.13) < 1e-9) // a new sample counts 30 %
	s.answered(0, 200*time.Millisecond, 0, now)
	is.Equal(s.load(0, now), 0.0) // only the last report counts
}

func TestBetterThan(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	now := time.Now()
	with := func(load int, latency float64) *instance {
		return &instance{used: quota{messages: load}, standing: standing{latency: decaying{latency, now}}}
	}
	is.True(with(1, 9).betterThan(with(2, 0), now))  // the smaller load wins
	is.True(!with(2, 0).betterThan(with(1, 9), now)) //
	is.True(with(1, 1).betterThan(with(1, 2), now))  // ties go to the lower latency
	is.True(!with(1, 2).betterThan(with(1, 1), now)) //
	is.True(!with(1, 1).betterThan(with(1, 1), now)) // equal is not better
}

func TestQuota(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var q quota
	is.True(q.fits(100, 0, 0)) // a single request always fits
	q.add(100)
	is.True(!q.fits(1, 1, 1000))   // messages
	is.True(q.fits(900, 2, 1000))  // bytes, to the last one
	is.True(!q.fits(901, 2, 1000)) //
	q.remove(100)
	is.Equal(q, quota{})
}
