package service

import (
	"fmt"
	"maps"
	"slices"
)

// Limits and times that tests speak of.
const (
	WindowWait   = windowWait
	PlainWindow  = plainWindow
	PlainAfter   = plainAfter
	ForgetAfter  = forgetAfter
	CloseLimit   = closeLimit
	ByeLimit     = byeLimit
	BacklogBytes = backlogBytes
)

// Leftovers lists what a client at rest should not have any more: attempts, places in windows, waiters,
// active calls, sends, response handlers.
func (c *Client) Leftovers() (left []string) {
	note := func(format string, n, of int) {
		if n != 0 || of != 0 {
			left = append(left, fmt.Sprintf(format, n, of))
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	waiting, _ := c.settling.load()
	note("%d sends, %d wait for a response handler", len(c.sends), waiting)
	for _, r := range c.remotes {
		r.mu.Lock()
		note("%d calls wait, %d are active", r.waiting.len(), int(r.active.n.Load()))
		note("%d bytes wait, %d", int(r.waiting.bytes), 0)
		for _, i := range r.instances {
			note("%d attempts are pending, %d sent", len(i.pending), i.sent.messages)
			note("the window holds %d messages, %d bytes", i.used.messages, int(i.used.bytes))
		}
		r.mu.Unlock()
	}
	return left
}

// InLine counts the Sends that have ended and wait for a response handler.
func (c *Client) InLine() int {
	waiting, _ := c.settling.load()
	return waiting
}

// Ending says that a client takes no more calls, at any of its services.
func (c *Client) Ending() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range c.remotes {
		if !r.closed.Load() {
			return false
		}
	}
	return c.closed
}

// RouteSets lists the routes for which a client keeps matchers.
func (c *Client) RouteSets(name string) []string {
	r, _ := c.remote(name)
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Sorted(maps.Keys(r.sets))
}

// Waiting counts the calls of a service that wait for a place.
func (c *Client) Waiting(name string) int {
	r, err := c.remote(name)
	if err != nil {
		return 0
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.waiting.len()
}

// Leftovers lists what a server at rest should not have any more.
func (s *Server) Leftovers() (left []string) {
	running, queued := s.work.load()
	if running+queued > 0 {
		left = append(left, fmt.Sprintf("%d handlers run, %d requests wait", running, queued))
	}
	for _, a := range s.snapshot() {
		a.mu.Lock()
		if len(a.jobs) > 0 || a.used != (quota{}) {
			left = append(left, fmt.Sprintf("%d jobs, a window of %+v", len(a.jobs), a.used))
		}
		a.mu.Unlock()
	}
	return left
}

// AbortApps cuts every peer of a server, as the death of its process would.
func (s *Server) AbortApps(why error) {
	for _, a := range s.snapshot() {
		a.peer.Abort(why)
	}
}

// Instances counts those of a service that take requests.
func (c *Client) Instances(name string) (n int) {
	r, _ := c.remote(name)
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, i := range r.instances {
		if i.takesRequests() {
			n++
		}
	}
	return n
}

// ThinkQuick makes an instance think that its handlers are quick, and that none was slow of late.
func ThinkQuick(s *Server) {
	s.work.mu.Lock()
	defer s.work.mu.Unlock()
	s.work.quick = quickness{known: true}
}
