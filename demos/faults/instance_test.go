package faults_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// instance is a child that runs: an instance, or an app. It is killed and waited for when its test ends.
type instance struct {
	t      *testing.T
	plan   plan
	book   *ledger
	cmd    *exec.Cmd
	stderr bytes.Buffer  // to be read when it has ended
	ended  chan struct{} // closed when it has, and all that it reported is in the book

	runs atomic.Int64
	up   atomic.Int64 // µs: when it began to serve
	good atomic.Int64 // µs: when a call of an app was first answered
}

func start(t *testing.T, book *ledger, p plan) *instance {
	t.Helper()
	i := &instance{t: t, plan: p, book: book, ended: make(chan struct{})}
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	lines, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	i.cmd = exec.Command(os.Args[0])
	i.cmd.Env = append(os.Environ(), childPlan+"="+string(text), "GORACE=atexit_sleep_ms=0") // to end at once under -race, too
	i.cmd.Stderr, i.cmd.ExtraFiles = &i.stderr, []*os.File{out}
	if _, err := i.cmd.StdinPipe(); err != nil { // whose end is the end of the child, should this process die
		t.Fatal(err)
	}
	if err := i.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	out.Close()
	go i.follow(lines)
	t.Cleanup(func() {
		_ = i.cmd.Process.Kill()
		<-i.ended
		if t.Failed() && i.stderr.Len() > 0 {
			t.Logf("%d said: %s", i.pid(), &i.stderr)
		}
	})
	return i
}

// follow enters what the child reports, until it ends.
func (i *instance) follow(lines *os.File) {
	defer close(i.ended)
	for s := bufio.NewScanner(lines); s.Scan(); {
		var what string
		var n int
		var at int64
		if _, err := fmt.Sscan(s.Text(), &what, &n, &at); err != nil {
			continue // not all of a line: it was killed
		}
		i.noted(what, n, at)
	}
	lines.Close()
	_ = i.cmd.Wait() // how it ended is in ProcessState
}

func (i *instance) noted(what string, n int, at int64) {
	switch what {
	case "ran":
		i.runs.Add(1)
		i.book.ran(n, i.pid(), time.UnixMicro(at))
	case "left":
		i.book.left(n, i.pid(), time.UnixMicro(at))
	case "up":
		i.up.Store(at)
	case "good":
		i.good.CompareAndSwap(0, at)
	}
}

func (i *instance) pid() int { return i.cmd.Process.Pid }

// again starts another in its place.
func (i *instance) again() *instance { return start(i.t, i.book, i.plan) }

func (i *instance) dead() bool {
	select {
	case <-i.ended:
		return true
	default:
		return false
	}
}

// kill is kill -9. It returns when the process is gone.
func (i *instance) kill() {
	i.t.Helper()
	i.signal(syscall.SIGKILL)
	<-i.ended
}

// stop asks it to end, and returns with what status it did.
func (i *instance) stop() int {
	i.t.Helper()
	i.signal(syscall.SIGTERM)
	select {
	case <-i.ended:
		return i.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		i.t.Fatalf("%d did not end in %v", i.pid(), patience)
		return -1
	}
}

func (i *instance) signal(s syscall.Signal) {
	i.t.Helper()
	if err := i.cmd.Process.Signal(s); err != nil {
		i.t.Fatal(err)
	}
}
