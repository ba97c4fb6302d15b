package service

import (
	"sync"
	"time"
)

// spares are what calls need and leave as they found it. They belong to a client, not to the process, since a test may
// make one client inside of a testing/synctest bubble and another one outside. The zero value is ready.
type spares struct {
	results sync.Pool // of chan result, empty
	timers  sync.Pool // of *time.Timer, stopped
}

func (s *spares) result() chan result {
	if c, ok := s.results.Get().(chan result); ok {
		return c
	}
	return make(chan result, 1)
}

// putResult takes back a channel of which the result was received: nobody sends a second one.
func (s *spares) putResult(c chan result) { s.results.Put(c) }

func (s *spares) timer(d time.Duration) *time.Timer {
	if t, ok := s.timers.Get().(*time.Timer); ok {
		t.Reset(d)
		return t
	}
	return time.NewTimer(d)
}

// putTimer takes a timer back. Once it is stopped nothing can be received from it (since Go 1.23).
func (s *spares) putTimer(t *time.Timer) {
	t.Stop()
	s.timers.Put(t)
}
