package service

import "time"

// crewLook is how often goroutines that were not needed since the last look are let go.
const crewLook = time.Second

// crew keeps goroutines between jobs: one that has run a handler has the stack that handlers need, which a new one
// would have to grow. The scheduler's lock guards it.
type crew struct {
	idle  []chan *job // of each, the last one first
	least int         // how many were idle all the time since the last look
	look  *time.Timer // runs while there are any
	ended bool
}

// take hands a job to an idle goroutine; false if there is none.
func (c *crew) take(j *job) bool {
	n := len(c.idle) - 1
	if n < 0 {
		return false
	}
	c.idle[n] <- j
	c.idle[n] = nil
	c.idle = c.idle[:n]
	c.least = min(c.least, n)
	return true
}

// rest keeps a goroutine that has nothing to do; false after the end.
func (c *crew) rest(s *scheduler, inbox chan *job) bool {
	if c.ended {
		return false
	}
	c.idle = append(c.idle, inbox)
	if len(c.idle) == 1 && c.look == nil {
		c.look = time.AfterFunc(crewLook, s.trimCrew)
	}
	return true
}

// trimCrew lets those go that were not needed for a while.
func (s *scheduler) trimCrew() {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &s.crew
	for _, inbox := range c.idle[:c.least] {
		inbox <- nil
	}
	c.idle = append(c.idle[:0], c.idle[c.least:]...)
	c.least = len(c.idle)
	c.look = nil
	if c.least > 0 && !c.ended {
		c.look = time.AfterFunc(crewLook, s.trimCrew)
	}
}

// end lets all go.
func (c *crew) end() {
	c.ended = true
	for _, inbox := range c.idle {
		inbox <- nil
	}
	c.idle, c.least = nil, 0
	if c.look != nil {
		c.look.Stop()
	}
}
