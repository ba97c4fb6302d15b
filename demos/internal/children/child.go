package children

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"syscall"

	"quartet/service"
)

// secretVariable is how the secret reaches a child: an environment is not shown by ps, as a command line is.
const secretVariable = "QUARTET_SECRET"

// newSecret makes a key that nobody has ever seen.
func newSecret() string {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // which never fails
	return hex.EncodeToString(key)
}

// Secret is, in a child, what its parent gave it.
func Secret() (service.Secret, error) {
	text := os.Getenv(secretVariable)
	if text == "" {
		return service.Secret{}, errors.New(secretVariable + " is not set: this is a child of another process, which sets it")
	}
	return service.ParseSecret([]byte(text))
}

// Parent is the actor that ends a child whose parent is gone: standard input is a pipe whose other end the parent holds,
// and never writes to, so that its end is the parent's.
func Parent(log *slog.Logger) (execute func() error, interrupt func(error)) {
	done := make(chan struct{})
	var once sync.Once
	return func() error {
			gone := make(chan struct{})
			go func() { // for as long as the process lives: nothing ends a read of standard input
				_, _ = io.Copy(io.Discard, os.Stdin)
				close(gone)
			}()
			select {
			case <-gone:
				log.Warn("the parent is gone")
			case <-done:
			}
			return nil
		}, func(error) {
			once.Do(func() { close(done) })
		}
}

// Nice lowers the priority of this process, from 0 to 19, the lowest. On Linux threads have priorities, and to name the
// process group is how all of a process are reached; so a process that does not lead a group of its own, as children do,
// gets an error, and others keep their priorities.
func Nice(n int) error {
	if syscall.Getpgrp() != os.Getpid() {
		return fmt.Errorf("nice %d: this process has no group of its own", n)
	}
	if err := syscall.Setpriority(syscall.PRIO_PGRP, 0, n); err != nil {
		return fmt.Errorf("nice %d: %w", n, err)
	}
	return nil
}

// FirstFile is the descriptor at which a child finds the first of its Files.
const FirstFile = 3
