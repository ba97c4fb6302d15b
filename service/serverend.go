package service

import (
	"context"
	"errors"
	"fmt"
)

// Shutdown says bye to every app, so that no more requests come, answers what it has, and closes. When ctx
// ends before, the rest is cut off: its callers are told that it is lost, what waits is not begun, and the
// error wraps ctx's cause. Endpoints that are bound are unbound first. Of several that end a server the
// least patient counts, and all get the same errors; who comes after the end gets none.
func (s *Server) Shutdown(ctx context.Context) error {
	cut, stuck := s.end(ctx)
	return errors.Join(cut, stuck)
}

// Close is Shutdown without grace. The error says that handlers still run after 5 s.
func (s *Server) Close() error {
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(ErrClosed)
	_, stuck := s.end(ctx)
	return stuck
}

// end ends the server. The errors say what was cut off, and what still runs; who comes after the end gets none.
func (s *Server) end(ctx context.Context) (cut, stuck error) {
	select {
	case <-s.ended:
		return nil, nil
	default:
	}
	s.ending.Do(func() {
		s.mu.Lock()
		s.draining.Store(true)
		s.mu.Unlock()
		if ctx.Err() != nil {
			s.cutNow(context.Cause(ctx))
		}
		go s.drain()
	})
	select {
	case <-s.ended:
	case <-ctx.Done():
		s.cutNow(context.Cause(ctx))
		<-s.ended
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cutErr, s.stuckErr
}

// cutNow ends the grace, once: nothing that waits begins, and the contexts of handlers end. The error tells
// of it if that cut something off.
func (s *Server) cutNow(why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.base.Err() != nil {
		return
	}
	waited, active := s.work.halt()
	for _, j := range waited {
		j.msg.Release() // its caller hears that it is lost when the peer ends
	}
	if n := len(waited) + active; why != nil && n > 0 {
		s.cutErr = fmt.Errorf("service %s: %d requests were cut off: %w", s.name, n, why)
	}
	s.stop()
}

// drain waits for the last answers, then closes what is left.
func (s *Server) drain() {
	defer close(s.ended)
	s.mu.Lock()
	nodes := s.nodes
	s.mu.Unlock()
	closeAll(nodes)
	s.letAppsGo()
	select {
	case <-s.work.whenIdle(): // also what was sent by apps that are gone: it is to be done, not to be answered
	case <-s.base.Done():
	}
	s.cutNow(nil)
	apps := s.snapshot()
	for _, a := range apps {
		a.peer.Abort(ErrClosed)
	}
	for _, a := range apps {
		<-a.peer.Done()
	}
	if n := s.work.wait(closeLimit); n > 0 {
		s.stuckErr = fmt.Errorf("service %s: %d handlers still run", s.name, n)
	}
}

// letAppsGo says bye to every app, and closes its peer when it has said bye and has all its answers.
func (s *Server) letAppsGo() {
	for _, a := range s.snapshot() {
		a.sayBye()
	}
	for {
		s.mu.Lock()
		left, changed := len(s.apps), s.changed
		s.mu.Unlock()
		if left == 0 {
			return
		}
		for _, a := range s.snapshot() {
			a.letGo()
		}
		select {
		case <-changed:
		case <-s.base.Done():
			return
		}
	}
}
