package children_test

import (
	"bytes"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/matryer/is"
	"github.com/oklog/run"
	"go.uber.org/goleak"

	"quartet/demos/internal/children"
	"quartet/demos/internal/demo"
)

// TestMain is also the main of the children that the tests start.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "child" {
		os.Exit(demo.Exit("child", child(os.Args[2:]), os.Stderr))
	}
	if len(os.Args) > 1 && os.Args[1] == "nice" {
		os.Exit(demo.Exit("child", children.Nice(7), os.Stderr))
	}
	goleak.VerifyTestMain(m)
}

// TestNice: whoever shares a process group leaves it alone.
func TestNice(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	for _, leads := range []bool{true, false} {
		cmd := exec.Command(os.Args[0], "nice")
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: leads}
		is.Equal(cmd.Run() == nil, leads)
	}
}

// child writes "up" to the file that it was given, if any, and lives until it is told to end.
func child(args []string) error {
	signals := demo.ListenForSignals()
	if _, err := children.Secret(); err != nil {
		return err
	}
	if len(args) > 0 {
		if _, err := os.NewFile(children.FirstFile, "").WriteString("up\n"); err != nil {
			return err
		}
	}
	var group run.Group
	group.Add(children.Parent(slog.New(slog.DiscardHandler)))
	group.Add(signals.Execute, signals.Interrupt)
	return group.Run()
}

// start runs a group until the test ends.
func start(t *testing.T, again time.Duration, list ...children.Child) *children.Group {
	t.Helper()
	g, err := children.New(again, io.Discard, slog.New(slog.DiscardHandler), list...)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() { ended <- g.Execute() }()
	t.Cleanup(func() { g.Interrupt(nil); g.Interrupt(nil); <-ended })
	return g
}

func await(t *testing.T, what string, so func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for late := time.Now().Add(30 * time.Second); time.Now().Before(late); <-tick.C {
		if so() {
			return
		}
	}
	t.Fatal("not in time: " + what)
}

func TestAgain(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	g := start(t, time.Second, children.Child{Name: "a", Args: []string{"child"}}, children.Child{Name: "b", Args: []string{"child"}})
	await(t, "both run", func() bool { return g.State("a").PID != 0 && g.State("b").PID != 0 })
	first, other := g.State("a").PID, g.State("b").PID
	is.NoErr(syscall.Kill(first, syscall.SIGKILL))
	await(t, "its end is known", func() bool { return g.State("a").PID == 0 })
	dead := g.State("a")
	is.Equal(dead.Ended, "signal: killed")
	is.True(time.Until(dead.Again) > 0 && time.Until(dead.Again) <= time.Second)
	await(t, "it runs again", func() bool { return g.State("a").PID != 0 })
	is.True(g.State("a").PID != first)
	is.True(!time.Now().Before(dead.Again))            // not before it was said
	is.Equal(g.State("a").Ended, "signal: killed")     // which is still known
	is.Equal(g.State("b"), children.State{PID: other}) // and the other one never noticed
	is.Equal(g.State("c"), children.State{})
}

// TestEnd: the children are told to end, and end well.
func TestEnd(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	is.NoErr(err)
	defer file.Close()
	var logged bytes.Buffer
	g, err := children.New(time.Second, &logged, slog.New(slog.NewTextHandler(&logged, nil)),
		children.Child{Name: "a", Args: []string{"child", "up"}, Files: []*os.File{file}})
	is.NoErr(err)
	ended := make(chan error)
	go func() { ended <- g.Execute() }()
	await(t, "it hears signals", func() bool {
		text, err := os.ReadFile(file.Name())
		return err == nil && string(text) == "up\n"
	})
	g.Interrupt(nil)
	is.NoErr(<-ended)
	is.Equal(g.State("a"), children.State{Ended: "exit status 0"})
	is.Equal(logged.String(), "") // nothing to warn of
}

// TestCannotStart: what cannot run is tried again, and does not hold up the end.
func TestCannotStart(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	g := start(t, time.Hour, children.Child{Name: "a", Args: []string{"no argument has a NUL: \x00"}})
	await(t, "it failed", func() bool { return g.State("a").Ended != "" })
	is.Equal(g.State("a").PID, 0)
	is.True(g.State("a").Ended != "exit status 0")
}

// TestParent: the end of standard input is the parent's, on systems that do not kill the child themselves.
func TestParent(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	cmd := exec.Command(os.Args[0], "child")
	cmd.Env = append(os.Environ(), "QUARTET_SECRET="+strings.Repeat("0a", 32))
	stdin, err := cmd.StdinPipe()
	is.NoErr(err)
	is.NoErr(cmd.Start())
	is.NoErr(stdin.Close())
	is.NoErr(cmd.Wait()) // in good order
}

func TestSecret(t *testing.T) {
	is := is.New(t)
	t.Setenv("QUARTET_SECRET", "")
	_, err := children.Secret()
	is.True(err != nil && strings.Contains(err.Error(), "QUARTET_SECRET"))
	t.Setenv("QUARTET_SECRET", strings.Repeat("0a", 32))
	own, err := children.Secret()
	is.NoErr(err)
	one, err := children.New(time.Second, io.Discard, slog.New(slog.DiscardHandler))
	is.NoErr(err)
	other, err := children.New(time.Second, io.Discard, slog.New(slog.DiscardHandler))
	is.NoErr(err)
	a, err := one.Secret()
	is.NoErr(err)
	b, err := other.Secret()
	is.NoErr(err)
	is.True(!a.Shares(b) && !a.Shares(own)) // each group makes one, whatever the environment says
}

func TestQuiet(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var logged bytes.Buffer
	log := children.Quiet(slog.New(slog.NewTextHandler(&logged, nil)).With("from", "a")).With("to", "b").WithGroup("g")
	log.Info("connected")
	is.Equal(logged.String(), "")
	log.Warn("disconnected", "count", 1)
	is.True(strings.HasSuffix(logged.String(), "level=WARN msg=disconnected from=a to=b g.count=1\n"))
}

func TestSockets(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	dir := t.TempDir()
	sockets := children.Sockets(filepath.Join(dir, "x"))
	is.Equal(sockets.Addr("a").Requests, "ipc://"+dir+"/x.a")
	is.Equal(sockets.Addr("a").Responses, "ipc://"+dir+"/x.a_response")
	for _, name := range []string{"x.a.lock", "x.a_response.lock", "x.b.lock"} {
		is.NoErr(os.WriteFile(filepath.Join(dir, name), nil, 0o600))
	}
	sockets.Tidy("a", "never")
	left, err := os.ReadDir(dir)
	is.NoErr(err)
	is.Equal(len(left), 1)
	is.Equal(left[0].Name(), "x.b.lock") // is somebody else's
}
