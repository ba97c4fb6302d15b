package demo

import (
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/oklog/run"
)

// Signals is the actor that ends the group on SIGINT and SIGTERM. It is run.SignalHandler but for one thing: it hears
// from when it is made, not from when its goroutine happens to run, by which time the others may be at work already.
type Signals struct {
	heard chan os.Signal
	once  sync.Once
	done  chan struct{}
}

// ListenForSignals makes the actor.
func ListenForSignals() *Signals {
	s := &Signals{heard: make(chan os.Signal, 1), done: make(chan struct{})}
	signal.Notify(s.heard, os.Interrupt, syscall.SIGTERM)
	return s
}

// Execute waits for a signal and returns it as an error that is run.ErrSignal. From then on signals do what they do by
// default, so that a second one ends a process which takes too long to drain.
func (s *Signals) Execute() error {
	defer signal.Stop(s.heard)
	select {
	case heard := <-s.heard:
		return &run.SignalError{Signal: heard}
	case <-s.done:
		return nil
	}
}

// Interrupt ends Execute.
func (s *Signals) Interrupt(error) { s.once.Do(func() { close(s.done) }) }
