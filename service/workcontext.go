package service

import (
	"context"
	"sync"
	"time"
)

// workContext is the context of a handler, or of a response handler of a Send: it ends at the deadline, when nobody waits
// any more, and with the server or client. It does what context.WithDeadline does and costs nothing until somebody asks for
// Done, which most handlers never do.
type workContext struct {
	owner    context.Context // that of the server, or of the client
	deadline time.Time

	mu     sync.Mutex
	err    error
	done   chan struct{} // made when it is asked for
	timer  *time.Timer   // from then on
	unhook func() bool   // of the owner's end
	after  map[*func()]struct{}
}

// Deadline implements context.Context.
func (c *workContext) Deadline() (time.Time, bool) { return c.deadline, true }

// Value implements context.Context: there are none.
func (c *workContext) Value(any) any { return nil }

// Err implements context.Context.
func (c *workContext) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.look()
	return c.err
}

// look sees an end that nobody has told of yet. The lock is held.
func (c *workContext) look() {
	if c.err != nil {
		return
	}
	switch {
	case c.owner.Err() != nil:
		c.finish(context.Canceled)
	case !time.Now().Before(c.deadline):
		c.finish(context.DeadlineExceeded)
	}
}

// Done implements context.Context.
func (c *workContext) Done() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.done == nil {
		c.look() // what has ended is closed at once
		c.done = make(chan struct{})
		if c.err != nil {
			close(c.done)
		} else {
			c.timer = time.AfterFunc(time.Until(c.deadline), func() { c.end(context.DeadlineExceeded) })
			c.unhook = context.AfterFunc(c.owner, func() { c.end(context.Canceled) })
		}
	}
	return c.done
}

// AfterFunc is what package context looks for, so that a context made of this one needs no goroutine.
func (c *workContext) AfterFunc(f func()) (stop func() bool) {
	c.Done()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		go f()
		return func() bool { return false }
	}
	if c.after == nil {
		c.after = map[*func()]struct{}{}
	}
	key := &f
	c.after[key] = struct{}{}
	return func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		_, waits := c.after[key]
		delete(c.after, key)
		return waits
	}
}

// end ends the context, the first time.
func (c *workContext) end(why error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.finish(why)
}

// finish does the work of end. The lock is held.
func (c *workContext) finish(why error) {
	if c.err != nil {
		return
	}
	c.err = why
	if c.done == nil {
		return
	}
	close(c.done)
	c.timer.Stop()
	c.unhook()
	for f := range c.after {
		go (*f)()
	}
	c.after = nil
}
