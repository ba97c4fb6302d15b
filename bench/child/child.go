// Package child runs this program again as another process, gives it a job and speaks with it in lines of JSON. A child
// ends when its standard input does, thus also when its parent dies.
package child

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// jobVariable holds a child's job.
const jobVariable = "QUARTET_BENCH_JOB"

// line is what a child says: one of these at a time.
type line struct {
	Ready  string          `json:"ready,omitempty"` // its address
	Result json.RawMessage `json:"result,omitempty"`
	Error  string          `json:"error,omitempty"`
}

// Child is the parent's view of a child.
type Child struct {
	name   string
	cmd    *exec.Cmd
	in     io.WriteCloser
	lines  chan line
	exited chan struct{}
	stderr bytes.Buffer
}

// Start starts this program with a job. The name is for people. What stands in under is a command that runs it, as strace
// does; usually there is none.
func Start(name string, job any, under ...string) (*Child, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(job)
	if err != nil {
		return nil, err
	}
	args := slices.Concat(under, []string{exe}, strings.Fields(name))
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), jobVariable+"="+string(text))
	return StartCommand(name, cmd)
}

// StartCommand starts another program that speaks as a child does.
func StartCommand(name string, cmd *exec.Cmd) (*Child, error) {
	c := &Child{name: name, cmd: cmd, lines: make(chan line, 4), exited: make(chan struct{})}
	var err error
	if c.in, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	cmd.Stderr = &c.stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go c.listen(out)
	return c, nil
}

func (c *Child) listen(out io.Reader) {
	defer close(c.exited)
	defer close(c.lines)
	for in := bufio.NewScanner(out); in.Scan(); {
		var l line
		if json.Unmarshal(in.Bytes(), &l) == nil {
			c.lines <- l
		}
	}
	_ = c.cmd.Wait() // how it ended matters only to who still waits for a line
}

func (c *Child) next(limit time.Duration) (line, error) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case l, ok := <-c.lines:
		switch {
		case !ok:
			<-c.exited
			return l, fmt.Errorf("%s: it ended: %s", c.name, bytes.TrimSpace(c.stderr.Bytes()))
		case l.Error != "":
			return l, fmt.Errorf("%s: %s", c.name, l.Error)
		}
		return l, nil
	case <-timer.C:
		return line{}, fmt.Errorf("%s: nothing for %v", c.name, limit)
	}
}

// Ready waits until the child is ready and gives its address.
func (c *Child) Ready(limit time.Duration) (string, error) {
	l, err := c.next(limit)
	if err == nil && l.Result != nil {
		err = fmt.Errorf("%s: a result too early", c.name)
	}
	return l.Ready, err
}

// Go tells the child to begin.
func (c *Child) Go() error {
	_, err := io.WriteString(c.in, "go\n")
	return err
}

// Ask tells the child to say something and waits for it.
func (c *Child) Ask(limit time.Duration, into any) error {
	if err := c.Go(); err != nil {
		return err
	}
	return c.Result(limit, into)
}

// Result waits for what the child has found.
func (c *Child) Result(limit time.Duration, into any) error {
	l, err := c.next(limit)
	if err != nil {
		return err
	}
	return json.Unmarshal(l.Result, into)
}

// endLimit is how long a child may take to end by itself.
const endLimit = 3 * time.Second

// Stop ends the child and waits for that.
func (c *Child) Stop() {
	_ = c.in.Close()
	for timer := time.NewTimer(endLimit); ; {
		select {
		case <-c.lines:
		case <-c.exited:
			timer.Stop()
			return
		case <-timer.C:
			_ = c.cmd.Process.Kill()
		}
	}
}

// Memory reads how much of the child is in memory, in bytes: now, and at most since it began. The error says that this
// system does not tell.
func (c *Child) Memory() (now, peak float64, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.cmd.Process.Pid))
	if err != nil {
		return 0, 0, err
	}
	now, errNow := statusField(string(text), "VmRSS:")
	peak, errPeak := statusField(string(text), "VmHWM:")
	return now, peak, errors.Join(errNow, errPeak)
}

// statusField reads a line such as "VmRSS:  1234 kB".
func statusField(text, name string) (float64, error) {
	_, rest, found := strings.Cut(text, name)
	if !found {
		return 0, fmt.Errorf("no %s in the status of the process", name)
	}
	var kib float64
	_, err := fmt.Sscan(rest, &kib)
	return kib * 1024, err
}
