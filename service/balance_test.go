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
	s.answered(10, 100*time.Millisecond, now)
	is.Equal(s.load(3, now), 10.0)               // the larger of both
	is.Equal(s.load(30, now), 30.0)              //
	is.Equal(s.load(3, now.Add(halfLife)), 5.0)  // a report is forgotten by halves
	is.Equal(s.load(0, now.Add(time.Hour)), 0.0) //
	is.True(math.Abs(s.latency.now(now)-0.1) < 1e-9)
	s.answered(10, 200*time.Millisecond, now)
	is.True(math.Abs(s.latency.now(now)-0.13) < 1e-9) // a new sample counts 30 %
	s.answered(0, 200*time.Millisecond, now)
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

// TestBursts: the instance that was asked last is asked again, as long as its handlers are quick and it is not far ahead.
func TestBursts(t *testing.T) {
	t.Parallel()
	now := time.Now()
	cases := []struct {
		name        string
		used, other int           // requests under way at the one that was asked last, and at the other
		reported    uint32        // load of the former
		run         time.Duration // of its handlers; 0: not known
		row         int           // how many it gets before the other one
	}{
		{"idle", 0, 0, 0, time.Microsecond, 1},
		{"quick", 20, 20, 0, time.Microsecond, burstMost},
		{"quick, with little to do", 5, 5, 0, time.Microsecond, 5},
		{"the other one has nothing to do", 5, 0, 0, time.Microsecond, 0},
		{"a little slow", 20, 20, 0, burstTime / 5, 4},
		{"slow", 20, 20, 0, time.Second, 1},
		{"unknown", 20, 20, 0, 0, 1},
		{"slow and behind", 5, 10, 0, time.Second, 6},
		{"others have given it much", 5, 50, 900, time.Microsecond, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			is := is.New(t)
			r := &remote{}
			add := func(used int, report uint32, run time.Duration) *instance {
				i := &instance{remote: r, ready: true, window: 256, windowBytes: 16 << 20, used: quota{used, 0}}
				i.standing.run = burstTime
				i.standing.answered(report, time.Millisecond, now)
				for n := 0; run > 0 && n < 1000; n++ {
					i.standing.ran(run)
				}
				r.instances = append(r.instances, i)
				return i
			}
			last := add(c.used, c.reported, c.run)
			add(c.other, 0, time.Second)
			r.last = last
			row := 0
			for best, _, _ := r.pick(&call{}, now); best == last && row < 100; best, _, _ = r.pick(&call{}, now) {
				last.used.add(1)
				row++
			}
			is.Equal(row, c.row)
		})
	}
}
