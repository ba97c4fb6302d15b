package demo_test

import (
	"errors"
	"os"
	"syscall"
	"testing"

	"github.com/matryer/is"
	"github.com/oklog/run"

	"quartet/demos/internal/demo"
)

func TestSignalsAreHeardBeforeTheActorRuns(t *testing.T) {
	is := is.New(t)
	signals := demo.ListenForSignals()
	self, err := os.FindProcess(os.Getpid())
	is.NoErr(err)
	is.NoErr(self.Signal(syscall.SIGTERM))
	err = signals.Execute()
	is.True(errors.Is(err, run.ErrSignal)) // and the process is still alive
	is.Equal(demo.Exit("app", err, nil), 0)
}

func TestSignalsEndWithTheGroup(t *testing.T) {
	is := is.New(t)
	signals := demo.ListenForSignals()
	ended := make(chan error)
	go func() { ended <- signals.Execute() }()
	signals.Interrupt(nil)
	signals.Interrupt(nil) // twice is fine
	is.NoErr(<-ended)
}
