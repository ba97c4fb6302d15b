package trio_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a test waits for something that should happen at once; machines are busy.
const patience = 20 * time.Second

// process is a demo that runs. It is killed by its id, and waited for, when its test ends.
type process struct {
	t      *testing.T
	name   string
	cmd    *exec.Cmd
	stdout output
	stderr output
	began  time.Time
	ended  chan struct{}
}

func run(t *testing.T, name string, args ...string) *process {
	t.Helper()
	p := &process{t: t, name: name, cmd: exec.Command(filepath.Join(programs, name), args...), ended: make(chan struct{})}
	p.cmd.Env = slices.DeleteFunc(os.Environ(), func(e string) bool { return strings.HasPrefix(e, "QUARTET_") })
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	p.began = time.Now()
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		_ = p.cmd.Wait() // how it ended is in ProcessState
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.ended
		p.showsNoSecret()
		if t.Failed() {
			t.Logf("%s %v said:\n%s\n%s", name, args, p.stdout.String(), last(p.stderr.String(), 4000))
		}
	})
	return p
}

func last(s string, n int) string { return s[max(len(s)-n, 0):] }

// showsNoSecret searches all that a process has written.
func (p *process) showsNoSecret() {
	p.t.Helper()
	text := p.stdout.String() + p.stderr.String()
	for _, secret := range secrets() {
		if strings.Contains(strings.ToLower(text), secret) {
			p.t.Errorf("%s shows a secret", p.name)
		}
	}
}

// says waits for a line on stderr.
func (p *process) says(pattern string) []string {
	p.t.Helper()
	return p.wait(&p.stderr, pattern)
}

// url waits for the address of the pages.
func (p *process) url() site {
	p.t.Helper()
	return site(p.wait(&p.stdout, `(http://127\.0\.0\.1:[1-9]\d*)/`)[1])
}

func (p *process) wait(out *output, pattern string) []string {
	p.t.Helper()
	expression := regexp.MustCompile("(?m)" + pattern)
	var match []string
	await(p.t, p.name+" says "+pattern, func() bool {
		match = expression.FindStringSubmatch(out.String())
		return match != nil || p.dead()
	})
	if match == nil {
		p.t.Fatalf("%s ended without saying %s", p.name, pattern)
	}
	return match
}

func (p *process) dead() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// kill is kill -9.
func (p *process) kill() {
	p.t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		p.t.Fatal(err)
	}
	<-p.ended
}

// stop asks it to end, and returns with what status it did.
func (p *process) stop() int {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	return p.end()
}

// end waits for the end.
func (p *process) end() int {
	p.t.Helper()
	select {
	case <-p.ended:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		p.t.Fatalf("%s did not end in %v", p.name, patience)
		return -1
	}
}

// await polls.
func await(t *testing.T, what string, cond func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for limit := time.Now().Add(patience); time.Now().Before(limit); <-tick.C {
		if cond() {
			return
		}
	}
	t.Fatalf("not within %v: %s", patience, what)
}

// output collects what a process writes.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// count says how often a text came.
func (o *output) count(text string) int { return strings.Count(o.String(), text) }
