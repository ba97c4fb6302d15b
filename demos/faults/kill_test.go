package faults_test

import (
	"context"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"quartet/internal/timed"
)

const (
	inFlight = 50                     // at each instance, and as many that are declared idempotent
	atOnce   = 250 * time.Millisecond // within which callers hear of a loss
	noMore   = time.Second            // after which a dead instance gets nothing
	longNap  = noMore + 500*time.Millisecond
)

// killed is one of three instances that was killed, and when.
type killed struct {
	victim *instance
	at     time.Time
}

// TestTimedKill: kill -9 of one of three instances at 500 calls a second, with 50 in flight there. Only those are lost, and
// their callers hear of it at once; what is declared idempotent is answered by another instance, and runs once more at
// most. One after the other is killed.
func TestTimedKill(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w world) {
		m := newMesh(t, w, 3)
		worst := timed.Stalls()
		short := ask{nap: 10 * time.Millisecond, mark: "short"}
		plain := pour(rate/2, func() { m.book.call(context.Background(), m.client, short) })
		again := pour(rate/2, func() {
			a := short
			a.again = true
			m.book.call(context.Background(), m.client, a)
		})
		pass(time.Second) // the budget of further attempts is a share of the calls
		var dead []killed
		for i := range orFull(2, 3) {
			dead = append(dead, m.kill(i))
		}
		plain()
		again()
		m.settle()
		stall := worst()
		m.Equal(m.book.problems(stall), nil)
		for _, k := range dead {
			m.judgeKill(k, stall)
		}
		m.Equal(m.book.find(func(e *entry) bool { return e.failed() && !(e.lost() && e.wentTo(dead, stall)) }), nil) // nobody else heard of anything
		m.judgeAgain(dead)
	})
}

// kill kills one instance once there is enough in flight at it, waits for what comes of that, and starts another.
func (m *mesh) kill(i int) killed {
	m.t.Helper()
	var long sync.WaitGroup
	all := m.begun("long") + 2*inFlight*len(m.all)
	for n := range 2 * inFlight * len(m.all) {
		long.Go(func() {
			m.book.call(context.Background(), m.client, ask{nap: longNap, mark: "long", again: n%2 == 0})
		})
	}
	await(m.t, "all that is long has begun", func() bool { return m.begun("long") == all })
	k := killed{m.all[i], time.Now()}
	k.victim.signal(syscall.SIGKILL)
	pass(noMore + 200*time.Millisecond)
	m.all[i] = k.victim.again()
	await(m.t, "its successor is asked", func() bool { return m.all[i].runs.Load() > 0 })
	long.Wait()
	return k
}

// wentTo says whether a request was at one of those that were killed: it was asked before that, or so soon after that it was
// sent to the dead, and it ran there or nowhere.
func (e *entry) wentTo(dead []killed, stall time.Duration) bool {
	return slices.ContainsFunc(dead, func(k killed) bool {
		return e.told.After(k.at) && e.begun.Before(k.at.Add(noMore+stall)) && (len(e.runs) == 0 || e.at(k.victim.pid()))
	})
}

// judgeKill looks at what was lost with one instance.
func (m *mesh) judgeKill(k killed, stall time.Duration) {
	m.t.Helper()
	var heard []time.Duration
	var last time.Duration // that something was asked which went there
	long := 0
	for _, e := range m.book.find(func(e *entry) bool {
		return e.lost() && e.wentTo([]killed{k}, stall) && (e.at(k.victim.pid()) || e.told.Before(k.at.Add(noMore)))
	}) {
		heard = append(heard, e.told.Sub(k.at))
		last = max(last, e.begun.Sub(k.at))
		if e.mark == "long" {
			long++
		}
	}
	m.t.Logf("%d were lost, %d of them long; the last was asked for %v after the kill", len(heard), long, last)
	timed.Within(m.t, "they hear of it", heard, atOnce, stall)
	m.True(long >= inFlight/2) // there was something to lose
}

// judgeAgain looks at what was declared idempotent.
func (m *mesh) judgeAgain(dead []killed) {
	m.t.Helper()
	m.Equal(m.book.find(func(e *entry) bool { return e.again && e.failed() }), nil) // each has an answer
	twice := m.book.find(func(e *entry) bool { return e.again && len(e.runs) > 1 })
	for _, e := range twice {
		m.True(slices.ContainsFunc(dead, func(k killed) bool { return e.at(k.victim.pid()) })) // once more than what was lost
	}
	retries := int(m.client.Stats().Retries)
	m.t.Logf("%d further attempts, %d of them ran for the second time", retries, len(twice))
	m.True(retries >= len(dead)*inFlight/2) // there was something to save
	m.True(len(twice) <= retries)
}
