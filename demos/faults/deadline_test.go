package faults_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"quartet/internal/timed"
	"quartet/service"
)

const (
	limit     = 200 * time.Millisecond // of a call
	tooLong   = 5 * time.Second        // what the work takes
	answerIn  = 230 * time.Millisecond // the caller is told
	handlerIn = 50 * time.Millisecond  // after which the handler is told
	tries     = 10
	queued    = 100
)

// throughEveryDoor runs a test in all worlds at once, by the client and by a page.
func throughEveryDoor(t *testing.T, p plan, timeout time.Duration, test func(*mesh, *door)) {
	inEveryWorld(t, func(t *testing.T, w world) {
		for _, d := range doors {
			t.Run(d.name, func(t *testing.T) {
				t.Parallel()
				m := meshOf(t, w, 1, p)
				test(m, d.open(t, m, timeout))
				m.settle()
				m.Equal(m.book.problems(patience), nil)
			})
		}
	})
}

// TestTimedDeadline: 200 ms for work of 5 s. The caller has a 504 after 200 to 230 ms, and the context of the handler ends
// at the same time.
func TestTimedDeadline(t *testing.T) {
	throughEveryDoor(t, plan{}, limit, func(m *mesh, d *door) {
		worst := timed.Stalls()
		var told, left []time.Duration
		for range orFull(tries, 10*tries) {
			e := d.ask(context.Background(), ask{nap: tooLong})
			m.True(e.endedBy(service.ErrTimeout)) // 504
			took := e.told.Sub(e.begun)
			m.True(took >= limit) // not too early
			told = append(told, took)
			left = append(left, m.left(e).Sub(e.begun)-limit)
		}
		stall := worst()
		timed.Within(m.t, "the caller is told", told, answerIn, stall)
		timed.Within(m.t, "the handler is told, after the deadline", left, handlerIn, stall)
	})
}

// TestTimedLeave: a caller who leaves ends the context of the handler.
func TestTimedLeave(t *testing.T) {
	throughEveryDoor(t, plan{}, patience, func(m *mesh, d *door) {
		worst := timed.Stalls()
		var left []time.Duration
		for n := range orFull(tries, 10*tries) {
			ctx, leave := context.WithCancel(context.Background())
			gone := make(chan *entry)
			go func() { gone <- d.ask(ctx, ask{nap: tooLong, mark: "leaves"}) }()
			await(m.t, "the handler begins", func() bool { return m.begun("leaves") == n+1 })
			at := time.Now()
			leave()
			e := <-gone
			m.True(e.endedBy(service.ErrCanceled))
			left = append(left, m.left(e).Sub(at))
		}
		timed.Within(m.t, "the handler is told, after its caller has left", left, handlerIn, worst())
	})
}

// left waits until a handler was told that nobody waits, and says when that was.
func (m *mesh) left(e *entry) (at time.Time) {
	m.t.Helper()
	await(m.t, "the context of the handler ends", func() bool {
		return m.book.count(func(o *entry) bool { return o == e && len(o.runs) == 1 && !o.runs[0].left.IsZero() }) == 1
	})
	m.book.mu.Lock()
	defer m.book.mu.Unlock()
	return e.runs[0].left
}

// TestQueueOfTheExpired: a hundred requests wait for a handler that is busy until their time is over. None of them runs.
func TestQueueOfTheExpired(t *testing.T) {
	t.Parallel()
	throughEveryDoor(t, plan{Concurrency: 1}, limit, func(m *mesh, d *door) {
		m.queue(func() { d.ask(context.Background(), ask{mark: "queued"}) }, func() {
			await(m.t, "each has heard that it is too late", func() bool { return m.failed("queued") == queued })
		})
	})
}

// TestQueueOfThoseWhoLeft: a hundred callers leave before the busy handler comes to them. None of their requests runs.
func TestQueueOfThoseWhoLeft(t *testing.T) {
	t.Parallel()
	throughEveryDoor(t, plan{Concurrency: 1}, patience, func(m *mesh, d *door) {
		ctx, leave := context.WithCancel(context.Background())
		m.queue(func() { d.ask(ctx, ask{mark: "queued"}) }, func() {
			await(m.t, "all have come", func() bool { return d.arrived.Load() == queued })
			leave()
			await(m.t, "all have left", func() bool { return m.failed("queued") == queued && d.inside.Load() == 0 })
		})
	})
}

// TestQueueOfTheSent: the work of a hundred Sends is not begun after its deadline.
func TestQueueOfTheSent(t *testing.T) {
	t.Parallel()
	inEveryWorld(t, func(t *testing.T, w world) {
		m := meshOf(t, w, 1, plan{Concurrency: 1})
		m.queue(func() { m.book.send(context.Background(), m.client, ask{timeout: limit, mark: "queued"}) }, func() {
			await(m.t, "each has a receipt, which says so", func() bool { return m.failed("queued") == queued })
		})
		m.settle()
		m.Equal(m.book.problems(patience), nil)
	})
}

// queue has a hundred wait for a handler that is busy until they have given up, and looks that none of them runs.
func (m *mesh) queue(one, giveUp func()) {
	m.t.Helper()
	ctx, free := context.WithCancel(context.Background())
	defer free()
	busy := make(chan *entry, 1)
	go func() { busy <- m.book.call(ctx, m.client, ask{nap: patience, mark: "busy"}) }()
	await(m.t, "the handler is busy", func() bool { return m.begun("busy") == 1 })
	var all sync.WaitGroup
	for range queued {
		all.Go(one)
	}
	giveUp()
	all.Wait()
	free()
	<-busy
	m.True(m.book.call(context.Background(), m.client, ask{mark: "after"}).answered()) // the handler is free for others
	m.Equal(m.begun("queued"), 0)
}

// failed counts the requests of a kind that have failed. Of a Send that is what its receipt says.
func (m *mesh) failed(mark string) int {
	return m.book.count(func(e *entry) bool { return e.mark == mark && e.refusal == nil && e.failed() })
}
