package main

import (
	"fmt"
	"time"
)

// What may change, between the beginning and the end.
const (
	mayGoroutines  = 20
	mayDescriptors = 10
	mayHeap        = 1 << 20 // bytes in heapSpan, or in all where that is shorter
	heapSpan       = 10 * time.Minute
	mayRefuse      = 10_000 // one call in so many may find no instance, or none in time
	mayMiss        = 20     // one call in so many may not have been made
	fewestRows     = 4
)

// warmUp is how much of the beginning is not judged: pools and buffers are being filled.
func warmUp(lasts time.Duration) time.Duration { return min(lasts/5, time.Minute) }

// judge says what is wrong with a run. begin and end are the processes at rest, before and after it.
func judge(p plan, rows []row, begin, end [2]sample) (problems []string) {
	bad := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	calls, refused, others := 0, 0, 0
	var judged []row
	for _, r := range rows {
		calls += r.calls
		refused += r.ends[kindTimeout] + r.ends[kindUnavailable] + r.ends[kindRejected]
		others += r.ends[kindOther]
		if r.at >= warmUp(p.lasts) {
			judged = append(judged, r)
		}
	}
	if len(judged) < fewestRows {
		bad("%d rows are too few to judge", len(judged))
		return problems
	}
	if others > 0 {
		bad("%d calls ended in no known way", others)
	}
	if refused > 0 && refused > calls/mayRefuse && !p.chaos {
		bad("of %d calls %d found no instance, or none in time", calls, refused)
	}
	if due := int(rows[len(rows)-1].at.Seconds() * float64(p.rate)); calls < due-due/mayMiss {
		bad("only %d of %d calls were made", calls, due)
	}
	for i, name := range []string{"the app", "the host"} {
		var s []sample
		for _, r := range judged {
			s = append(s, [...]sample{r.app, r.host}[i])
		}
		// The middle of a sixth of the rows, for after a stall of the machine there are more for a moment.
		if n := min(max(3, len(s)/6), len(s)/2); !p.chaos {
			compare(bad, name+" under load", around(s[:n]), around(s[len(s)-n:]))
		}
		compare(bad, name+" at rest", begin[i], end[i])
		span := judged[len(judged)-1].at - judged[0].at
		growth := int(slope(judged, s) * span.Seconds())
		if most := max(int(mayHeap*span.Seconds()/heapSpan.Seconds()), mayHeap); growth > most {
			bad("%s: the heap grew by %s MiB in %v", name, mib(growth), span)
		}
	}
	return problems
}

func compare(bad func(string, ...any), what string, a, b sample) {
	differ := func(name string, a, b, may int) {
		if b-a > may || a-b > may {
			bad("%s: %d %s, there were %d", what, b, name, a)
		}
	}
	differ("goroutines", a.Goroutines, b.Goroutines, mayGoroutines)
	differ("descriptors", a.Descriptors, b.Descriptors, mayDescriptors)
}

// around is the middle of a few samples.
func around(s []sample) sample {
	var goroutines, descriptors []int
	for _, one := range s {
		goroutines, descriptors = append(goroutines, one.Goroutines), append(descriptors, one.Descriptors)
	}
	return sample{Goroutines: middle(goroutines), Descriptors: middle(descriptors)}
}

// slope is how much the heap grows, in bytes a second: the line with the least squares of distances.
func slope(rows []row, s []sample) float64 {
	n := float64(len(rows))
	var x, y, xx, xy float64
	for i := range rows {
		at, heap := rows[i].at.Seconds(), float64(s[i].Heap)
		x, y, xx, xy = x+at, y+heap, xx+at*at, xy+at*heap
	}
	if d := n*xx - x*x; d > 0 {
		return (n*xy - x*y) / d
	}
	return 0
}
