package main

import (
	"fmt"
	"sync"
)

// pages is how many requests the ledger keeps: those of two minutes, at 500 a second. No request lives so long, so what
// is overwritten is judged first, and the ledger does not grow.
const pages = 1 << 16

// ledger keeps book of every request, by a number of its own.
type ledger struct {
	mu       sync.Mutex
	page     []entry
	last     uint64
	problems []string // the first ones
	bad      int      // how many there are
}

type entry struct {
	n                                            uint64 // 0: none
	sent, accepted                               bool
	executed, answered, failed, refused, crossed uint8
	handled                                      uint8 // calls of the response handler
}

func newLedger(pages int) *ledger { return &ledger{page: make([]entry, pages)} }

// open begins a request.
func (l *ledger) open() (n uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last++
	e := l.at(l.last)
	l.judge(e)
	*e = entry{n: l.last, sent: isSent(l.last)}
	return l.last
}

func (l *ledger) at(n uint64) *entry { return &l.page[n%uint64(len(l.page))] }

// note enters what happened to a request.
func (l *ledger) note(n uint64, what func(*entry)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e := l.at(n); e.n == n && n != 0 {
		what(e)
		return
	}
	l.problem(n, "something happened to it when it was not there")
}

func (l *ledger) problem(n uint64, text string) {
	if l.bad++; l.bad <= 5 {
		l.problems = append(l.problems, fmt.Sprintf("request %d: %s", n, text))
	}
}

// judge looks at a request that is long over. The lock is held.
func (l *ledger) judge(e *entry) {
	if e.n == 0 {
		return
	}
	if text := e.problem(); text != "" {
		l.problem(e.n, fmt.Sprintf("%s: %+v", text, *e))
	}
}

// close judges the rest, and gives the first problems and their number.
func (l *ledger) close() (problems []string, bad int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.page {
		l.judge(&l.page[i])
		l.page[i] = entry{}
	}
	return l.problems, l.bad
}

func (e *entry) problem() string {
	ends := e.answered + e.failed + e.refused + e.crossed
	switch {
	case e.crossed > 0:
		return "the answer belongs to another request"
	case e.executed > 1:
		return "it was executed again"
	case ends == 0:
		return "a loss that nobody was told of"
	case ends > 1:
		return "it ended more than once"
	case e.answered > 0 && e.executed == 0:
		return "an answer without an execution"
	case e.refused > 0 && e.executed > 0:
		return "it ran, though its caller was told that it did not"
	case e.sent && e.accepted && e.handled != 1:
		return "an accepted Send without exactly one call of its response handler"
	case e.sent && !e.accepted && e.handled != 0:
		return "a response handler was called for what was not sent"
	}
	return ""
}
