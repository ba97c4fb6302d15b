package service

import (
	"container/list"
	"context"
	"sync"
	"time"
)

// scheduler bounds the handlers of an instance and the requests that wait for one. A handler runs in a
// goroutine that goes on with what waits, the longest first, or where its request was read. Fire-and-forget
// requests take at most half of either, so that they never starve those whose callers wait.
type scheduler struct {
	concurrency, backlog int
	syncMost             int // of the backlog, for those whose callers wait
	largeMost            int64
	do                   func(*job)

	mu          sync.Mutex
	active      gauge // goroutines: of handlers, and of those whose answer is being sent
	running     int   // handlers
	runningSent int
	sync, sent  list.List
	crew        crew[*job]
	quick       quickness
	bytes       int64 // of what waits
	large       int64 // bytes of large requests that wait or run
	halted      bool
}

// linePerHandler is how many whose callers wait may stand before each handler: beyond, a line wins nothing, and is only
// waited in. A window of one app always fits.
const linePerHandler = 4

func newScheduler(o serverOptions, do func(*job)) *scheduler {
	s := &scheduler{
		concurrency: o.concurrency, backlog: o.backlog,
		syncMost: min(o.backlog, max(linePerHandler*o.concurrency, o.window)), largeMost: o.large, do: do,
	}
	s.crew.work = s.work
	return s
}

// submit takes a job over, or says why not. It never waits. A job that is to run where it was read has begun, and is left
// to the caller: see runHere.
func (s *scheduler) submit(j *job) (refusal string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.halted {
		return "closing"
	}
	if j.large() > 0 && s.large > 0 && s.large+j.large() > s.largeMost {
		return "too many large requests"
	}
	line, most := &s.sync, s.syncMost
	if j.sent() {
		line, most = &s.sent, half(s.backlog)
	}
	if s.mayRun(j.sent()) {
		if line.Len() == 0 {
			s.large += j.large()
			s.begin(j)
			// The next request can be read while a large one is answered.
			if j.here = j.large() == 0 && s.quick.runsHere(!j.msg.Follows); j.here {
				j.app.here = j
			} else {
				s.crew.do(j)
			}
			return ""
		}
		first := line.Front().Value.(*job) // a handler is just over, and its goroutine not yet back
		s.take(first)
		s.begin(first)
		s.crew.do(first)
	}
	waiting := s.sync.Len() + s.sent.Len()
	if waiting >= s.backlog || line.Len() >= most || waiting > 0 && s.bytes+j.size > backlogBytes {
		return "the backlog is full"
	}
	j.at = line.PushBack(j)
	s.bytes += j.size
	s.large += j.large()
	return ""
}

func (s *scheduler) mayRun(sent bool) bool {
	return s.running < s.concurrency && (!sent || s.runningSent < max(half(s.concurrency), 1))
}

// half rounds up, so that half of one is one.
func half(n int) int { return (n + 1) / 2 }

func (s *scheduler) begin(j *job) {
	s.active.add()
	s.running++
	if j.sent() {
		s.runningSent++
	}
}

// over says that a handler has returned: its place is free, before anybody can know by its answer.
func (s *scheduler) over(j *job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leave(j)
	j.load = uint32(s.running + s.sync.Len() + s.sent.Len())
	if j.took > 0 {
		s.quick.ran(j.took, j.here)
	}
}

func (s *scheduler) leave(j *job) {
	if j.over {
		return
	}
	j.over = true
	if j.here && j.app.here == j {
		j.app.here = nil
	}
	s.running--
	s.large -= j.large()
	if j.sent() {
		s.runningSent--
	}
}

// work runs a job and what waits after it.
func (s *scheduler) work(j *job) {
	defer func() {
		if j == nil {
			return
		}
		if next := s.next(j); next != nil { // the handler ends this goroutine
			s.crew.do(next)
		}
	}()
	for j != nil {
		s.do(j)
		j = s.next(j)
	}
}

// runHere runs a job in the goroutine that delivered it.
func (s *scheduler) runHere(j *job) {
	loan := j.app.peer.Borrow(j.app.kept)
	defer func() { // also when the handler ends the goroutine
		loan.Return()
		if next := s.next(j); next != nil {
			s.crew.do(next)
		}
	}()
	s.do(j)
}

// kept is told that a reader was lent for too long. It counts against handlers only if one still runs there; otherwise the
// system had the goroutine wait.
func (s *scheduler) kept(a *app) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a.here != nil {
		s.quick.misled(time.Now())
	}
}

// next ends a job and begins the one that has waited longest of those that may run.
func (s *scheduler) next(done *job) *job {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leave(done)
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
	}
	s.active.done() // after the next has begun: who waits for the end still does
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

// halt begins no more jobs, and returns those that waited and how many are not over.
func (s *scheduler) halt() (waited []*job, active int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.halted = true
	s.crew.end()
	var left []*job
	for _, line := range []*list.List{&s.sync, &s.sent} {
		for line.Len() > 0 {
			j := line.Front().Value.(*job)
			s.take(j)
			s.large -= j.large()
			left = append(left, j)
		}
	}
	return left, int(s.active.n.Load())
}

// enterHandler notes that the handler of a job is about to be called: from here on withdraw cancels its context. false if the
// job was withdrawn before.
func (s *scheduler) enterHandler(j *job) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	j.began = true
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
		s.large -= j.large()
		return true
	}
	if j.began {
		j.ctx.end(context.Canceled)
	}
	return false
}

func (s *scheduler) load() (running, queued int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running, s.sync.Len() + s.sent.Len()
}

// whenIdle is closed when no handler runs.
func (s *scheduler) whenIdle() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.active.idle()
}

// wait waits until no handler runs; it returns how many still do.
func (s *scheduler) wait(limit time.Duration) int {
	t := time.NewTimer(limit)
	defer t.Stop()
	select {
	case <-s.whenIdle():
	case <-t.C:
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return int(s.active.n.Load())
}
