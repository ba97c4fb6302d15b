package children

import (
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
)

// run starts a child, and waits for its end, which it says how it was.
func (g *Group) run(c Child) error {
	// Where the system kills children whose parent is gone, that is the thread which started them.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	cmd := exec.CommandContext(g.ctx, g.binary, c.Args...)
	cmd.Env = g.environment()
	cmd.Stderr = g.stderr
	cmd.ExtraFiles = c.Files
	cmd.SysProcAttr = attributes()
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = grace
	if _, err := cmd.StdinPipe(); err != nil { // open as long as this process lives, see Parent
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	g.set(c.Name, State{PID: cmd.Process.Pid, Ended: g.State(c.Name).Ended})
	if err := cmd.Wait(); cmd.ProcessState == nil || !cmd.ProcessState.Success() {
		return err
	}
	return nil // also where it ended well because it was told to, for which Wait has an error
}

// environment is this process's, but for its own secrets.
func (g *Group) environment() []string {
	env := []string{secretVariable + "=" + g.secret}
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "QUARTET_") {
			env = append(env, entry)
		}
	}
	return env
}

// attributes give each child a process group of its own: a Ctrl-C in the terminal is for the parent alone, which then
// tells the children, once.
func attributes() *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Setpgid: true}
	dieWithParent(a)
	return a
}
