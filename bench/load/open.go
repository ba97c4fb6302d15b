package load

import (
	"context"
	"sync"
	"time"

	"quartet/bench/peer"
	"quartet/bench/stats"
)

// drain is how long calls that are behind the schedule may take to be made after its end.
const drain = 5 * time.Second

// Open calls at a fixed rate, whether answers come or not. A call's time begins when it was due, not when a caller was
// free to make it, so that a stall counts for every call that it held up: what is called coordinated omission is
// corrected. What is not made at all some time after the end counts as having taken until then.
func Open(c peer.Client, w Work) (stats.Sample, error) {
	t := newTally()
	t.open.Store(true) // a call that fails counts even while it warms up
	total := int(w.Rate * (w.Warm + w.Time).Seconds())
	due := make(chan time.Time, total)
	var callers sync.WaitGroup
	from := time.Now().Add(w.Warm)
	for i := range w.Callers {
		callers.Go(func() { callWhenDue(c, i, w.Size, due, from, t) })
	}
	if err := schedule(w.Rate, total, due); err != nil {
		return nil, err
	}
	close(due)
	limit := time.AfterFunc(drain, func() { t.ended.Store(true) })
	callers.Wait()
	limit.Stop()
	t.took = w.Time
	s, err := t.done()
	delete(s, stats.Allocs) // the drain would count
	return s, err
}

// callWhenDue is the life of one caller.
func callWhenDue(c peer.Client, caller, size int, due <-chan time.Time, from time.Time, t *tally) {
	lane := t.latencies.Lane()
	defer lane.Flush()
	b := newBody(caller, size)
	defer func() { t.made.Add(b.number) }()
	for at := range due {
		counts := !at.Before(from)
		if t.ended.Load() {
			if counts {
				lane.Add(time.Since(at))
			}
			continue
		}
		answer, err := c.Call(context.Background(), caller, b.next())
		switch {
		case err != nil:
			t.fail(err)
			continue
		case counts:
			lane.Add(time.Since(at))
		}
		if err := b.check(answer); err != nil {
			t.spoil(err)
		}
	}
}
