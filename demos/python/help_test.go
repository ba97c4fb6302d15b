package python_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	mrand "math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"quartet/service"
	"quartet/transport"
)

// patience is how long a test waits for something that should happen at once; machines are busy.
const patience = 60 * time.Second

// interpreter is the system's: other Pythons on the PATH do not see its packages.
const interpreter = "/usr/bin/python3"

var pythonReady = sync.OnceValue(func() error {
	out, err := exec.Command(interpreter, "-c", "import zmq, msgpack").CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s cannot import zmq and msgpack; `make test` installs them (python3-zmq python3-msgpack): %w\n%s",
			interpreter, err, out)
	}
	return nil
})

// setting is one way for app and service to meet.
type setting struct {
	name              string
	tcp, serviceBinds bool
}

var settings = []setting{
	{"ipc, the app binds", false, false},
	{"ipc, the service binds", false, true},
	{"tcp, the app binds", true, false},
	{"tcp, the service binds", true, true},
}

// eachSetting runs a test in all of them at once.
func eachSetting(t *testing.T, test func(t *testing.T, m *mesh)) {
	t.Parallel()
	for _, s := range settings {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			test(t, newMesh(t, s))
		})
	}
}

// mesh is an address with a secret of its own.
type mesh struct {
	setting
	addr   service.Addr
	secret string // one or two lines
}

func newMesh(t *testing.T, s setting) *mesh {
	t.Helper()
	if err := pythonReady(); err != nil {
		t.Fatal(err)
	}
	m := &mesh{setting: s, secret: newKey()}
	if s.tcp {
		m.addr = service.Addr{Requests: freeEndpoint(t), Responses: freeEndpoint(t)}
	} else {
		dir := shortDir(t)
		m.addr = service.Addr{Requests: "ipc://" + filepath.Join(dir, "q"), Responses: "ipc://" + filepath.Join(dir, "r")}
	}
	m.addr.ServiceBinds = s.serviceBinds
	return m
}

func newKey() string {
	var key [32]byte
	rand.Read(key[:])
	return hex.EncodeToString(key[:])
}

// shortDir is a directory whose sockets have short paths.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "quartet-python-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// endpointsGiven are those that tests beside each other have: one of them may not be bound yet.
var endpointsGiven sync.Map

// freeEndpoint finds a port that stays free until it is bound, and while its binder restarts: one below those that
// the system hands out itself.
func freeEndpoint(t *testing.T) string {
	t.Helper()
	syscall.ForkLock.RLock() // a child that is being started would hold the port, too, for a moment
	defer syscall.ForkLock.RUnlock()
	for range 100 {
		endpoint := fmt.Sprintf("127.0.0.1:%d", 20000+mrand.IntN(10000))
		if _, again := endpointsGiven.LoadOrStore(endpoint, true); again {
			continue
		}
		if ln, err := net.Listen("tcp", endpoint); err == nil {
			ln.Close()
			return "tcp://" + endpoint
		}
	}
	t.Fatal("no free port")
	return ""
}

// parsed is the secret for the Go side.
func parsed(t *testing.T, secret string) service.Secret {
	t.Helper()
	s, err := service.ParseSecret([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// watch collects the events of one side.
type watch struct {
	mu     sync.Mutex
	events []service.Event
}

func (w *watch) hook(e service.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events = append(w.events, e)
}

func (w *watch) of(typ transport.EventType) (found []service.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.events {
		if e.Type == typ {
			found = append(found, e)
		}
	}
	return found
}

// eventually polls until ok.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	late := time.After(patience)
	for !ok() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

func patiently(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// process is a program that runs; it is killed, and waited for, when its test ends.
type process struct {
	cmd            *exec.Cmd
	stdout, stderr output
	done           chan struct{}
}

// python runs one of the two programs with the flags and the secret of the mesh.
func (m *mesh) python(t *testing.T, program string, args ...string) *process {
	t.Helper()
	args = append([]string{program, "--requests", m.addr.Requests, "--responses", m.addr.Responses}, args...)
	if m.serviceBinds {
		args = append(args, "--service-binds")
	}
	p := start(t, exec.Command(interpreter, args...), "QUARTET_SECRET="+m.secret, "PYTHONDONTWRITEBYTECODE=1")
	t.Cleanup(func() {
		p.kill()
		for _, line := range strings.Fields(m.secret) {
			if strings.Contains(p.stdout.String()+p.stderr.String(), line) {
				t.Errorf("%s shows its secret", program)
			}
		}
	})
	return p
}

func start(t *testing.T, cmd *exec.Cmd, env ...string) *process {
	t.Helper()
	p := &process{cmd: cmd, done: make(chan struct{})}
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = &p.stdout, &p.stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = cmd.Wait() // how it ended is in ProcessState
		close(p.done)
	}()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("%v said on stdout:\n%s\non stderr:\n%s", cmd.Args, &p.stdout, &p.stderr)
		}
	})
	return p
}

// kill is kill -9; it returns when the process is gone.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may have ended
	<-p.done
}

// end waits until the process has ended by itself, and returns its exit status.
func (p *process) end(t *testing.T) int {
	t.Helper()
	select {
	case <-p.done:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		t.Fatalf("%v did not end within %v", p.cmd.Args, patience)
		return -1
	}
}

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
