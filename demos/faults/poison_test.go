package faults_test

import (
	"context"
	"testing"
	"time"
)

// TestPoison: a request that ends the process which serves it takes three instances with it at most, however often its
// caller lets it be tried again, and one if the caller does not. Everybody else is served by those that remain.
func TestPoison(t *testing.T) {
	t.Parallel()
	const instances, most = 5, 3
	inEveryWorld(t, func(t *testing.T, w world) {
		for _, a := range []struct {
			ask
			deaths int
		}{
			{ask{path: "/poison", again: true, mark: "poison"}, most},
			{ask{path: "/poison", mark: "poison"}, 1},
		} {
			m := newMesh(t, w, instances)
			others := pour(100, func() {
				m.book.call(context.Background(), m.client, ask{nap: time.Millisecond, again: true, mark: "other"})
			})
			e := m.book.call(context.Background(), m.client, a.ask)
			m.True(e.lost()) // it may have run
			await(t, "those that it has met are gone", func() bool { return m.deaths() == a.deaths })
			pass(300 * time.Millisecond) // for more of them
			m.Equal(m.deaths(), a.deaths)
			others()
			m.settle()
			m.Equal(len(e.runs), a.deaths)                                                                           // once each
			m.Equal(m.book.find(func(e *entry) bool { return e.mark == "other" && !e.answered() }), nil)             // the others are served
			m.Equal(m.book.find(func(e *entry) bool { return e.mark == "other" && e.problem(patience) != "" }), nil) // in order
		}
	})
}

// TestPoisonSent: a Send is never tried again.
func TestPoisonSent(t *testing.T) {
	t.Parallel()
	m := newMesh(t, worlds[0], 3)
	e := m.book.send(context.Background(), m.client, ask{path: "/poison"})
	m.NoErr(e.refusal)
	await(t, "its receipt comes", func() bool { return m.book.count(func(e *entry) bool { return e.sent && len(e.ended) > 0 }) == 1 })
	m.settle()
	m.Equal(m.deaths(), 1)
	m.Equal(len(e.runs), 1)
	m.True(e.failed()) // 502: it may have run
}

// deaths counts the instances that ended by themselves. Those that settle has stopped are none.
func (m *mesh) deaths() (n int) {
	for _, i := range m.all {
		if i.dead() && i.cmd.ProcessState.ExitCode() != 0 {
			n++
		}
	}
	return n
}
