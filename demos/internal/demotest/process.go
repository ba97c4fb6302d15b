package demotest

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Process is the demo, running. It is killed, and waited for, when its test ends.
type Process struct {
	Dir            string // its working directory
	Stdout, Stderr *Output

	t    *testing.T
	exe  string // a name of the program that only this process and its children have
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
}

// Start runs the demo in a directory of its own, without the secrets of whoever tests.
func Start(t *testing.T, args ...string) *Process {
	t.Helper()
	return StartIn(t, shortDir(t), args...)
}

// StartIn runs it in a given directory, whose path should be short.
func StartIn(t *testing.T, dir string, args ...string) *Process {
	t.Helper()
	if err := build(); err != nil {
		t.Fatal(err)
	}
	exe := filepath.Join(shortDir(t), program)
	if err := os.Link(binary, exe); err != nil {
		t.Fatal(err)
	}
	p := &Process{
		Dir: dir, Stdout: new(Output), Stderr: new(Output),
		t: t, exe: exe, cmd: exec.Command(exe, args...), done: make(chan struct{}),
	}
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "QUARTET_") {
			p.cmd.Env = append(p.cmd.Env, entry)
		}
	}
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = dir, p.Stdout, p.Stderr
	// Children hold stderr for a moment longer than a parent that is killed.
	p.cmd.WaitDelay = patience
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait() // how it ended is in ProcessState
		close(p.done)
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.done
		if t.Failed() {
			t.Logf("%s %q said on stdout:\n%s\non stderr:\n%s", program, args, p.Stdout, p.Stderr)
		}
	})
	return p
}

// shortDir is removed with all others.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp(filepath.Dir(binary), "")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// AwaitNobody waits until neither the process nor a child of it runs any more.
func (p *Process) AwaitNobody() {
	p.t.Helper()
	Await(p.t, "no process is left", func() bool { return len(running(filepath.Dir(p.exe))) == 0 })
}

// Processes says how many run: it and its children.
func (p *Process) Processes() int { return len(running(filepath.Dir(p.exe))) }

// Site waits until the web port is open.
func (p *Process) Site() Site {
	p.t.Helper()
	return Site{t: p.t, URL: p.await(p.Stdout, `(?m)^`+program+`: (http://127\.0\.0\.1:[1-9]\d*)/$`)[1]}
}

// Logged waits for a line on stderr that matches.
func (p *Process) Logged(pattern string) []string {
	p.t.Helper()
	return p.await(p.Stderr, pattern)
}

func (p *Process) await(out *Output, pattern string) (match []string) {
	p.t.Helper()
	expression := regexp.MustCompile(pattern)
	Await(p.t, program+" says "+pattern, func() bool {
		ended := p.ended() // before the last look
		match = expression.FindStringSubmatch(out.String())
		if match == nil && ended {
			p.t.Fatalf("%s ended without saying %s", program, pattern)
		}
		return match != nil
	})
	return match
}

func (p *Process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// Terminate asks the process to end, as Ctrl-C and service managers do.
func (p *Process) Terminate() { p.signal(syscall.SIGTERM) }

// Kill is kill -9: it does not ask.
func (p *Process) Kill() { p.signal(syscall.SIGKILL) }

func (p *Process) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// End waits until the process has ended, and returns its exit status.
func (p *Process) End() int {
	p.t.Helper()
	select {
	case <-p.done:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		p.t.Fatalf("%s did not end in %v", program, patience)
		return -1
	}
}

// Output collects what a process writes.
type Output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

// String is all so far.
func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}
