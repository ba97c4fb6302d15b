package faults_test

import (
	"context"
	"fmt"
	"runtime"
	"syscall"
	"testing"
	"time"

	"quartet/internal/timed"
)

const (
	callTime = 300 * time.Millisecond // of a call
	handTime = 100 * time.Millisecond // to hand a Send over
	workTime = 400 * time.Millisecond // for its work
	overrun  = 50 * time.Millisecond  // by which any of them may be late
	moment   = 20 * time.Millisecond  // in which the last of several instances is stopped
)

// stopped is a spell in which an instance did not read.
type stopped struct{ from, to time.Time }

// TestTimedStop: instances are stopped (SIGSTOP) at 250 calls a second, so that they read nothing, and go on after a while: so
// short that their links live on, or so long that they are cut. Meanwhile every call and Send returns by its deadline, and
// those that others answer are not slowed. Afterwards nothing runs twice, and nothing whose deadline has passed.
func TestTimedStop(t *testing.T) {
	type spell struct {
		victims int
		lasts   time.Duration
	}
	for _, s := range orFull([]spell{{1, 4 * time.Second}, {3, time.Second}},
		[]spell{{1, time.Second}, {1, 2 * time.Second}, {1, 4 * time.Second}, {1, 10 * time.Second}, {3, time.Second}, {3, 2 * time.Second}, {3, 10 * time.Second}}) {
		t.Run(fmt.Sprintf("%d for %v", s.victims, s.lasts), func(t *testing.T) {
			if !full {
				t.Parallel()
			}
			inEveryWorld(t, func(t *testing.T, w world) { testStop(t, w, s.victims, s.lasts) })
		})
	}
}

func testStop(t *testing.T, w world, victims int, lasts time.Duration) {
	m := newMesh(t, w, 3)
	worst := timed.Stalls()
	calls := pour(rate/2, func() {
		m.book.call(context.Background(), m.client, ask{nap: 10 * time.Millisecond, timeout: callTime, mark: "call"})
	})
	sends := pour(sendRate, func() {
		ctx, cancel := context.WithTimeout(context.Background(), handTime)
		defer cancel()
		m.book.send(ctx, m.client, ask{nap: 10 * time.Millisecond, timeout: workTime, mark: "send"})
	})
	pass(time.Second)
	spell := stopped{from: time.Now()}
	m.signal(victims, syscall.SIGSTOP)
	patient := pour(10, func() { m.book.call(context.Background(), m.client, ask{mark: "patient"}) })
	pass(lasts)
	spell.to = time.Now()
	m.signal(victims, syscall.SIGCONT)
	pass(500 * time.Millisecond)
	patient()
	calls()
	sends()
	stall := worst()
	m.judgeStop(spell, victims, stall)
	m.settle()
	m.forgive(spell, victims)
	m.Equal(m.book.problems(overrun+stall), nil) // nothing ran twice, or late
	t.Logf("%d never ran", m.book.count(func(e *entry) bool { return len(e.runs) == 0 }))
}

// forgive gives more time to what was handed to its handler in the very moment in which the process stopped: nobody can look
// at the clock and begin at once. There may be one for each processor.
func (m *mesh) forgive(spell stopped, victims int) {
	m.t.Helper()
	between := m.book.find(func(e *entry) bool {
		away := e.begun.Sub(spell.from).Abs()
		return len(e.runs) == 1 && away < moment && e.runs[0].at.After(e.deadline)
	})
	m.True(len(between) <= victims*runtime.NumCPU())
	for _, e := range between {
		e.deadline = e.deadline.Add(spell.to.Sub(spell.from))
	}
}

// signal tells the first of the instances.
func (m *mesh) signal(victims int, s syscall.Signal) {
	for _, i := range m.all[:victims] {
		i.signal(s)
	}
}

// judgeStop looks at how long everybody waited.
func (m *mesh) judgeStop(spell stopped, victims int, stall time.Duration) {
	m.t.Helper()
	var calls, sends, before, during []time.Duration
	for _, e := range m.book.find(func(e *entry) bool { return !e.told.IsZero() }) {
		took, meanwhile := e.told.Sub(e.begun), e.begun.After(spell.from) && e.told.Before(spell.to)
		switch {
		case e.mark == "send":
			sends = append(sends, took)
		case e.mark == "call":
			calls = append(calls, took)
		}
		switch {
		case e.mark != "call" || !e.answered():
		case meanwhile:
			during = append(during, took)
		case e.told.Before(spell.from):
			before = append(before, took)
		}
	}
	m.byDeadline("calls", calls, callTime, stall)
	m.byDeadline("hand-overs of Sends", sends, handTime, stall)
	if victims == len(m.all) {
		return // nobody has answered
	}
	limit := max(timed.P95(before)*3/2, timed.P95(before)+5*time.Millisecond)
	timed.Within(m.t, fmt.Sprintf("calls that were answered meanwhile, before it %v", timed.P95(before)), during, limit, stall)
}

// byDeadline says that all returned in time, and not only most.
func (m *mesh) byDeadline(what string, took []time.Duration, limit, stall time.Duration) {
	m.t.Helper()
	timed.Within(m.t, what, took, limit+overrun, stall)
	m.True(took[len(took)-1] <= limit+overrun+stall) // the slowest, too
}
