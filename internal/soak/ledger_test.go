package main

import (
	"strings"
	"testing"

	"github.com/matryer/is"
)

// TestLedgerFinds every way to break a promise.
func TestLedgerFinds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what string
		n    uint64 // 3 is sent
		e    entry
	}{
		{"", 1, entry{executed: 1, answered: 1}},
		{"", 1, entry{executed: 1, failed: 1}},
		{"", 1, entry{failed: 1}},
		{"", 1, entry{refused: 1}},
		{"", 3, entry{accepted: true, executed: 1, answered: 1, handled: 1}},
		{"", 3, entry{refused: 1}},
		{"belongs to another", 1, entry{executed: 1, crossed: 1}},
		{"executed again", 1, entry{executed: 2, answered: 1}},
		{"nobody was told", 1, entry{executed: 1}},
		{"more than once", 1, entry{executed: 1, answered: 1, failed: 1}},
		{"without an execution", 1, entry{answered: 1}},
		{"it ran", 1, entry{executed: 1, refused: 1}},
		{"exactly one call", 3, entry{accepted: true, executed: 1, answered: 1}},
		{"exactly one call", 3, entry{accepted: true, executed: 1, answered: 1, handled: 2}},
		{"what was not sent", 3, entry{refused: 1, handled: 1}},
	} {
		t.Run(c.what, func(t *testing.T) {
			is := is.New(t)
			l := newLedger(8)
			for range c.n {
				l.open()
			}
			for n := uint64(1); n < c.n; n++ {
				l.note(n, func(e *entry) { e.executed, e.answered = 1, 1 })
			}
			c.e.n, c.e.sent = c.n, isSent(c.n)
			l.note(c.n, func(e *entry) { *e = c.e })
			problems, bad := l.close()
			is.Equal(bad, min(len(c.what), 1))
			is.True(strings.Contains(strings.Join(problems, ""), c.what))
		})
	}
}

// TestLedgerIsBounded: what is overwritten was judged, and what comes after that is noticed.
func TestLedgerIsBounded(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	l := newLedger(4)
	for n := range uint64(20) {
		is.Equal(l.open(), n+1)
		if n+1 != 10 {
			l.note(n+1, func(e *entry) { e.accepted, e.executed, e.answered, e.handled = true, 1, 1, 1 })
		}
	}
	is.Equal(l.bad, 1) // the tenth never ended
	is.True(strings.HasPrefix(l.problems[0], "request 10: a loss"))
	l.note(5, func(e *entry) { e.executed++ })
	is.Equal(l.bad, 2) // an execution that nobody can have waited for
	_, bad := l.close()
	is.Equal(bad, 2)
}
