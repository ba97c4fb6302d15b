package service

import (
	"container/list"
	"context"
	"sync"
	"time"
)

// scheduler bounds the handlers of an instance and the requests that wait for one. A handler runs in a
// goroutine that goes on with what waits, the longest first, and ends when nothing does. Fire-and-forget
// requests take at most half of either, so that they never starve those whose callers wait.
type scheduler struct {
	concurrency, backlog int
	do                   func(*job)

	mu         sync.Mutex
	active     int // goroutines
	activeSent int
	sync, sent list.List
	bytes      int64
	idle       chan struct{} // closed when active is 0
}

func newScheduler(o serverOptions, do func(*job)) *scheduler {
	s := &scheduler{concurrency: o.concurrency, backlog: o.backlog, do: do, idle: make(chan struct{})}
	close(s.idle)
	return s
}

// submit takes a job over, or says why not. It never waits.
func (s *scheduler) submit(j *job) (refusal string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mayRun(j.sent()) {
		s.begin(j)
		go s.loop(j)
		return ""
	}
	line, most := &s.sync, s.backlog
	if j.sent() {
		line, most = &s.sent, half(s.backlog)
	}
	waiting := s.sync.Len() + s.sent.Len()
	if waiting >= s.backlog || line.Len() >= most || waiting > 0 && s.bytes+j.size > backlogBytes {
		return "the backlog is full"
	}
	j.at = line.PushBack(j)
	s.bytes += j.size
	return ""
}

func (s *scheduler) mayRun(sent bool) bool {
	return s.active < s.concurrency && (!sent || s.activeSent < max(half(s.concurrency), 1))
}

// half rounds up, so that half of one is one.
func half(n int) int { return (n + 1) / 2 }

func (s *scheduler) begin(j *job) {
	if s.active++; s.active == 1 {
		s.idle = make(chan struct{})
	}
	if j.sent() {
		s.activeSent++
	}
}

// loop runs a job and what waits after it. A handler that ends its goroutine ends this one too.
func (s *scheduler) loop(j *job) {
	defer func() {
		if next := s.next(j); next != nil {
			go s.loop(next)
		}
	}()
	for {
		s.do(j)
		next := s.next(j)
		if next == nil {
			j = nil
			return
		}
		j = next
	}
}

// next ends a job and begins the one that has waited longest of those that may run.
func (s *scheduler) next(done *job) *job {
	s.mu.Lock()
	defer s.mu.Unlock()
	if done == nil {
		return nil
	}
	s.active--
	if done.sent() {
		s.activeSent--
	}
	var first *job
	for _, line := range []*list.List{&s.sync, &s.sent} {
		if line.Len() == 0 {
			continue
		}
		j := line.Front().Value.(*job)
		if s.mayRun(j.sent()) && (first == nil || j.arrived.Before(first.arrived)) {
			first = j
		}
	}
	if first != nil {
		s.take(first)
		s.begin(first)
	} else if s.active == 0 {
		close(s.idle)
	}
	return first
}

func (s *scheduler) take(j *job) {
	line := &s.sync
	if j.sent() {
		line = &s.sent
	}
	line.Remove(j.at)
	j.at = nil
	s.bytes -= j.size
}

// running notes how a job that begins to run can be canceled; false if it was before.
func (s *scheduler) running(j *job, cancel context.CancelFunc) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	j.cancel = cancel
	return !j.gone
}

// withdraw takes a job that nobody waits for out of the backlog and returns true; one that runs has its
// context canceled.
func (s *scheduler) withdraw(j *job) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	j.gone = true
	if j.at != nil {
		s.take(j)
		return true
	}
	if j.cancel != nil {
		j.cancel()
	}
	return false
}

func (s *scheduler) load() (running, queued int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.active, s.sync.Len() + s.sent.Len()
}

// whenIdle is closed when no handler runs.
func (s *scheduler) whenIdle() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.idle
}

// wait waits until no handler runs; it returns how many still do.
func (s *scheduler) wait(limit time.Duration) int {
	t := time.NewTimer(limit)
	defer t.Stop()
	select {
	case <-s.whenIdle():
	case <-t.C:
	}
	running, _ := s.load()
	return running
}
