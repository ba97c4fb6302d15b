package demos_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience is how long a test waits for something that should happen at once; it is long because machines are busy.
const patience = 30 * time.Second

// process is a demo that runs. It is killed, and waited for, when its test ends.
type process struct {
	name   string
	cmd    *exec.Cmd
	stdout *output
	stderr *output
	done   chan struct{} // closed when it has ended
}

// start runs a demo with the well-known secret, unless args name another.
func start(t *testing.T, name string, args ...string) *process {
	t.Helper()
	if err := build(); err != nil {
		t.Fatal(err)
	}
	p := &process{name: name, stdout: newOutput(), stderr: newOutput(), done: make(chan struct{})}
	p.cmd = exec.Command(filepath.Join(programs, name), args...)
	p.cmd.Env = environment()
	p.cmd.Stdout, p.cmd.Stderr = p.stdout, p.stderr
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
			t.Logf("%s said on stdout:\n%s\non stderr:\n%s", name, p.stdout, p.stderr)
		}
	})
	return p
}

func environment() []string {
	var env []string
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "QUARTET_") {
			env = append(env, entry)
		}
	}
	return env
}

// url is the one that the program prints when its web port is open.
func (p *process) url(t *testing.T) string {
	t.Helper()
	return p.wait(t, p.stdout, `(?m)^`+p.name+`: (http://127\.0\.0\.1:[1-9]\d*)/$`)[1]
}

// logged waits for a line on stderr that matches.
func (p *process) logged(t *testing.T, pattern string) {
	t.Helper()
	p.wait(t, p.stderr, pattern)
}

func (p *process) wait(t *testing.T, out *output, pattern string) []string {
	t.Helper()
	expression, late := regexp.MustCompile(pattern), time.After(patience)
	for {
		text, changed := out.read()
		if match := expression.FindStringSubmatch(text); match != nil {
			return match
		}
		select {
		case <-changed:
		case <-p.done:
			if text, _ := out.read(); !expression.MatchString(text) {
				t.Fatalf("%s ended without saying %s", p.name, pattern)
			}
		case <-late:
			t.Fatalf("%s did not say %s in %v", p.name, pattern, patience)
		}
	}
}

// end waits until the program has ended and returns its exit status.
func (p *process) end(t *testing.T) int {
	t.Helper()
	select {
	case <-p.done:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		t.Fatalf("%s did not end in %v", p.name, patience)
		return -1
	}
}

// signal sends one that the process should live to hear.
func (p *process) signal(t *testing.T, s os.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
}

// output collects what a process writes, and tells who waits for more.
type output struct {
	mu      sync.Mutex
	text    bytes.Buffer
	changed chan struct{}
}

func newOutput() *output { return &output{changed: make(chan struct{})} }

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	close(o.changed)
	o.changed = make(chan struct{})
	return o.text.Write(p)
}

func (o *output) read() (text string, changed <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String(), o.changed
}

func (o *output) String() string {
	text, _ := o.read()
	return text
}
