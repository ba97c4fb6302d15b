package load

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"quartet/bench/peer"
	"quartet/bench/stats"
)

// InFlight is how many sent bodies may be without an answer: half of the largest window, which is what an instance gives
// to those who do not wait.
const InFlight = 1024

// Sender is the load of those who send and do not wait. Its Answered must be given to peer.Sender.
type Sender struct {
	t        *tally
	bodies   []*sent
	free     chan int // bodies that are not under way
	underWay atomic.Int64

	mu   sync.Mutex
	lane *stats.Lane
}

type sent struct {
	body
	at time.Time
}

// NewSender makes the load for bodies of a size.
func NewSender(size int) *Sender {
	s := &Sender{t: newTally(), bodies: make([]*sent, InFlight), free: make(chan int, InFlight)}
	s.lane = s.t.latencies.Lane()
	for i := range s.bodies {
		s.bodies[i] = &sent{body: *newBody(i, size)}
		s.free <- i
	}
	return s
}

// Answered takes an answer. Only what was answered, and rightly, counts as sent.
func (s *Sender) Answered(answer []byte, err error) {
	if err != nil {
		s.t.spoil(fmt.Errorf("an accepted send ended in %w", err))
		return
	}
	i, ok := callerOf(answer)
	if !ok || i < 0 || i >= len(s.bodies) {
		s.t.spoil(errors.New("an answer to nothing that was sent"))
		return
	}
	b := s.bodies[i]
	if err := b.check(answer); err != nil {
		s.t.spoil(err)
		return
	}
	if s.t.open.Load() {
		took := time.Since(b.at)
		s.mu.Lock()
		s.lane.Add(took)
		s.mu.Unlock()
	}
	s.underWay.Add(-1)
	s.free <- i
}

// Run lets callers send as fast as bodies become free.
func (s *Sender) Run(c peer.SendClient, w Work) (stats.Sample, error) {
	stop := make(chan struct{})
	var callers sync.WaitGroup
	for range w.Callers {
		callers.Go(func() { s.sendOn(c, stop) })
	}
	s.t.pace(w)
	close(stop)
	callers.Wait()
	for limit := time.Now().Add(drain); s.underWay.Load() > 0 && !s.t.spoiled() && time.Now().Before(limit); {
		time.Sleep(pause)
	}
	if n := s.underWay.Load(); n > 0 {
		s.t.spoil(fmt.Errorf("%d accepted sends have no answer", n))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lane.Flush()
	for _, b := range s.bodies {
		s.t.made.Add(b.number)
	}
	return s.t.done()
}

func (s *Sender) sendOn(c peer.SendClient, stop <-chan struct{}) {
	for !s.t.ended.Load() {
		select {
		case <-stop:
			return
		case i := <-s.free:
			b := s.bodies[i]
			out := b.next()
			b.at = time.Now()
			s.underWay.Add(1)
			if err := c.Send(context.Background(), out); err != nil {
				s.t.fail(err)
				s.underWay.Add(-1)
				s.free <- i
				time.Sleep(pause)
			}
		}
	}
}
