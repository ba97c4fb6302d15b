package main

import (
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"
)

// good makes the rows of a run in which nothing grows.
func good(p plan) (rows []row) {
	for at := p.every; at <= p.lasts; at += p.every {
		wave := int(at/p.every) % 3
		rows = append(rows, row{
			at: at, calls: int(p.every.Seconds()) * p.rate, p50: 3 * time.Millisecond, p99: 7 * time.Millisecond,
			app:  sample{Goroutines: 60 + wave, Descriptors: 28 + wave, Heap: 2<<20 + wave<<16, RSS: 14 << 20},
			host: sample{Goroutines: 80 - wave, Descriptors: 29, Heap: 1<<20 - wave<<16, RSS: 13 << 20},
		})
	}
	return rows
}

func TestJudge(t *testing.T) {
	t.Parallel()
	calm := plan{lasts: 10 * time.Minute, every: 10 * time.Second, rate: 500}
	chaos := calm
	chaos.chaos = true
	for _, c := range []struct {
		name  string
		plan  plan
		spoil func(i int, r *row)
		end   sample // of the host, where nothing was before
		want  string
	}{
		{name: "all is well", plan: calm, want: ""},
		{name: "goroutines", plan: calm, spoil: func(i int, r *row) { r.host.Goroutines += i }, want: "the host under load: 13"},
		{name: "descriptors", plan: calm, spoil: func(i int, r *row) { r.app.Descriptors += i / 4 }, want: "the app under load: 4"},
		{name: "fewer is odd, too", plan: calm, spoil: func(i int, r *row) { r.app.Goroutines -= i / 2 }, want: "the app under load"},
		{name: "heap", plan: calm, spoil: func(i int, r *row) { r.host.Heap += i * (2 << 20) / 60 }, want: "the host: the heap grew by 1."},
		{name: "heap that is filled at first", plan: calm, spoil: func(i int, r *row) { r.host.Heap += min(i, 5) << 20 }, want: ""},
		{name: "at rest", plan: calm, end: sample{Goroutines: 21, Descriptors: 10}, want: "the host at rest: 21 goroutines"},
		{name: "errors without a name", plan: calm, spoil: func(i int, r *row) { r.ends[kindOther] = i / 59 }, want: "1 calls ended in no known way"},
		{name: "no instance", plan: calm, spoil: func(_ int, r *row) { r.ends[kindUnavailable] = 1 }, want: "found no instance"},
		{name: "no instance in chaos", plan: chaos, spoil: func(_ int, r *row) { r.ends[kindUnavailable] = 1 }, want: ""},
		{name: "too slow", plan: calm, spoil: func(_ int, r *row) { r.calls = 4000 }, want: "only 240000 of 300000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			is := is.New(t)
			rows := good(c.plan)
			for i := range rows {
				if c.spoil != nil {
					c.spoil(i, &rows[i])
				}
			}
			problems := judge(c.plan, rows, [2]sample{}, [2]sample{{}, c.end})
			is.Equal(len(problems), min(len(c.want), 1)) // this and nothing else
			is.True(strings.Contains(strings.Join(problems, ""), c.want))
		})
	}
	is := is.New(t)
	is.Equal(len(judge(calm, good(calm)[:8], [2]sample{}, [2]sample{})), 1) // too few to judge
}

func TestSlope(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	rows := good(plan{lasts: time.Minute, every: time.Second})
	heaps := make([]sample, len(rows))
	is.Equal(slope(rows, heaps), 0.0)
	for i := range heaps {
		heaps[i].Heap = 1000 + 7*i
	}
	is.True(slope(rows, heaps) > 6.999 && slope(rows, heaps) < 7.001) // bytes a second
	is.Equal(slope(rows[:1], heaps[:1]), 0.0)                         // of a single one nothing is known
}
