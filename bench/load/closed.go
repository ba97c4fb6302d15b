package load

import (
	"context"
	"sync"
	"time"

	"quartet/bench/peer"
	"quartet/bench/stats"
)

// Closed lets callers call one time after another, as fast as they get their answers.
func Closed(c peer.Client, w Work) (stats.Sample, error) {
	t := newTally()
	var callers sync.WaitGroup
	for i := range w.Callers {
		callers.Go(func() { callOn(c, i, w.Size, t) })
	}
	t.pace(w)
	callers.Wait()
	return t.done()
}

// callOn is the life of one caller.
func callOn(c peer.Client, caller, size int, t *tally) {
	lane := t.latencies.Lane()
	defer lane.Flush()
	b := newBody(caller, size)
	defer func() { t.made.Add(b.number) }()
	for !t.ended.Load() {
		began := time.Now()
		answer, err := c.Call(context.Background(), caller, b.next())
		took := time.Since(began)
		if err != nil {
			t.fail(err)
			time.Sleep(pause)
			continue
		}
		if err := b.check(answer); err != nil {
			t.spoil(err)
			return
		}
		if t.open.Load() {
			lane.Add(took)
		}
	}
}
