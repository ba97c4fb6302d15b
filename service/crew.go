package service

import (
	"sync"
	"time"
)

// crewLook is how often goroutines that were not needed since the last look are let go.
const crewLook = time.Second

// crew runs work in goroutines that it keeps for a while: one that has run a handler has the stack that handlers need,
// which a new one would have to grow. It is safe for concurrent use.
type crew[T any] struct {
	work func(T) // it may end its goroutine

	mu    sync.Mutex
	idle  []chan T // of each goroutine without work, the last one first
	least int      // how many were idle all the time since the last look
	look  *time.Timer
	ended bool
}

// do has one more piece of work done, at once.
func (c *crew[T]) do(v T) {
	if !c.give(v) {
		go c.member(v)
	}
}

// give hands work to an idle goroutine; false if there is none.
func (c *crew[T]) give(v T) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := len(c.idle) - 1
	if n < 0 {
		return false
	}
	c.idle[n] <- v // it has one slot, and its goroutine waits
	c.idle[n] = nil
	c.idle = c.idle[:n]
	c.least = min(c.least, n)
	return true
}

func (c *crew[T]) member(v T) {
	inbox := make(chan T, 1)
	for more := true; more; {
		c.work(v)
		if !c.rest(inbox) {
			return
		}
		v, more = <-inbox
	}
}

// rest keeps a goroutine that has nothing to do; false after the end.
func (c *crew[T]) rest(inbox chan T) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return false
	}
	c.idle = append(c.idle, inbox)
	if len(c.idle) == 1 && c.look == nil {
		c.look = time.AfterFunc(crewLook, c.trim)
	}
	return true
}

// trim lets those go that were not needed for a while.
func (c *crew[T]) trim() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, inbox := range c.idle[:c.least] {
		close(inbox)
	}
	c.idle = append(c.idle[:0], c.idle[c.least:]...)
	c.least = len(c.idle)
	c.look = nil
	if c.least > 0 && !c.ended {
		c.look = time.AfterFunc(crewLook, c.trim)
	}
}

// end lets all go, once they have nothing to do.
func (c *crew[T]) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	for _, inbox := range c.idle {
		close(inbox)
	}
	c.idle, c.least = nil, 0
	if c.look != nil {
		c.look.Stop()
	}
}
