package timed

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestStalls(t *testing.T) {
	t.Parallel()
	for name, stalls := range map[string]func() func() time.Duration{
		"usual": Stalls,
		"finer": func() func() time.Duration { return StallsEvery(time.Millisecond) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				is := is.New(t)
				worst := stalls()
				time.Sleep(time.Second)
				is.Equal(worst(), time.Duration(0)) // in a bubble no tick is late
				is.Equal(worst(), time.Duration(0)) // it may be asked again
			})
		})
	}
}

func TestLatestTick(t *testing.T) {
	t.Parallel()
	const beat = 5 * time.Millisecond
	for _, c := range []struct {
		name string
		gaps []time.Duration // before each tick
		want time.Duration
	}{
		{name: "no tick"},
		{name: "in time", gaps: []time.Duration{beat, beat}},
		{name: "early", gaps: []time.Duration{beat / 2}},
		{name: "the first", gaps: []time.Duration{beat + 3, beat, beat + 2}, want: 3},
		{name: "a later one", gaps: []time.Duration{beat + 3, 7 * beat, 0, beat}, want: 6 * beat},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				is := is.New(t)
				ticks, end, ended := make(chan time.Time), make(chan struct{}), make(chan time.Duration)
				go func() { ended <- latest(ticks, beat, end) }()
				synctest.Wait()
				for _, gap := range c.gaps {
					time.Sleep(gap)
					ticks <- time.Time{}
					synctest.Wait() // it has looked at the clock
				}
				time.Sleep(time.Minute) // without a tick says nothing
				close(end)
				is.Equal(<-ended, c.want)
			})
		})
	}
}

// countdown returns the times n, n-1 .. 1.
func countdown(n int) (took []time.Duration) {
	for ; n > 0; n-- {
		took = append(took, time.Duration(n))
	}
	return took
}

func TestP95(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]time.Duration{0: 0, 1: 1, 10: 10, 19: 19, 20: 19, 40: 38, 100: 95, 101: 96, 200: 190} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			is := is.New(t)
			is.Equal(P95(countdown(n)), want) // in whatever order they came
		})
	}
}

// verdict is a test that notes how it was judged.
type verdict struct {
	testing.TB
	failed, logged int
}

func (v *verdict) Helper()               {}
func (v *verdict) Logf(string, ...any)   { v.logged++ }
func (v *verdict) Errorf(string, ...any) { v.failed++ }

func TestWithin(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name         string
		tries        int
		limit, stall time.Duration
		fails, logs  int
	}{
		{name: "none", limit: 1, fails: 1},
		{name: "at the limit", tries: 100, limit: 95, logs: 1},
		{name: "over it", tries: 100, limit: 94, fails: 1, logs: 1},
		{name: "by the stall", tries: 100, limit: 90, stall: 5, logs: 1},
		{name: "by more", tries: 100, limit: 90, stall: 4, fails: 1, logs: 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			is := is.New(t)
			v, took := &verdict{TB: t}, countdown(c.tries)
			Within(v, "tries", took, c.limit, c.stall)
			is.Equal(v.failed, c.fails)
			is.Equal(v.logged, c.logs)
			if c.tries > 0 {
				is.Equal(took[len(took)-1], time.Duration(c.tries)) // the longest is the last
			}
		})
	}
}
