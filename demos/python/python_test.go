package python_test

import (
	"errors"
	"flag"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/matryer/is"
	"go.uber.org/goleak"

	"quartet/transport"
)

const many = 10_000

func TestMain(m *testing.M) {
	if os.Getenv(childRole) != "" {
		os.Exit(child())
	}
	flag.Parse()
	if err := flag.Set("test.parallel", "6"); err != nil { // most of the time they wait
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

func TestPythonKnowsTheSecrets(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	is.NoErr(pythonReady()) // Python and its packages are there
	cmd := exec.Command(interpreter, "testdata/secrets.py", "../../docs/PROTOCOL.md")
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	out, err := cmd.CombinedOutput()
	t.Log(string(out))
	is.NoErr(err) // the lines of Python in PROTOCOL.md, and quartet.py, compute what it tells
}

func TestPythonBinderWantsTheClientKey(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	is.NoErr(pythonReady()) // Python and its packages are there
	cmd := exec.Command(interpreter, "testdata/zap.py", shortDir(t))
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	out, err := cmd.CombinedOutput()
	t.Log(string(out))
	is.NoErr(err) // the binder's ZAP refuses who has the server key, or the user name, alone
}

// A worker in Python serves a client in Go.
func TestWorker(t *testing.T) {
	eachSetting(t, func(t *testing.T, m *mesh) {
		is, ctx := is.New(t), patiently(t)
		worker := m.python(t, "worker.py")
		var w watch
		client := m.client(t, &w)
		is.NoErr(client.Ready(ctx, slow)) // the worker is there

		var done tally
		is.NoErr(calls(ctx, client, many, 128, "0s", &done)) // no answer is wrong
		is.Equal(done.answered.Load(), int64(many))          // none is missing
		is.NoErr(call(ctx, client, many+1, "2500ms"))        // heartbeats keep a silent link up
		is.Equal(len(w.of(transport.Connected)), 1)
		is.Equal(len(w.of(transport.Disconnected)), 0)
		is.True(!strings.HasPrefix(w.of(transport.Connected)[0].Peer, "unnamed")) // the pair property came

		_, err := client.Send(ctx, slow, request("the last", "500ms"))
		is.NoErr(err)                                        // the last one is under way
		is.NoErr(call(ctx, client, many+2, "0s"))            // and has arrived: this one came after it
		is.NoErr(worker.cmd.Process.Signal(syscall.SIGTERM)) // the worker is told to stop
		is.Equal((<-client.receipts).Text(), "the last")     // it answers what it has first
		is.Equal(worker.end(t), 0)
		stats := client.Stats()
		is.Equal(stats.Stranger+stats.Late+stats.Malformed, uint64(0)) // no answer too many
		is.Equal(worker.stderr.String(), "")
	})
}

// A caller in Python asks a server in Go.
func TestCaller(t *testing.T) {
	eachSetting(t, func(t *testing.T, m *mesh) {
		is := is.New(t)
		var w watch
		var executed ledger
		m.server(t, &w, executed.add)
		caller := m.python(t, "caller.py", "--calls", strconv.Itoa(many), "--last-delay", "2500ms")
		is.Equal(caller.end(t), 0)                                                // it is content
		is.Equal(caller.account(t), account{Calls: many, Answered: many})         // none lost, doubled, crossed or stray
		is.Equal(executed.len(), many)                                            // all of them ran
		is.Equal(len(executed.twice()), 0)                                        // once
		is.Equal(len(w.of(transport.Connected)), 1)                               // over one pair, heartbeats included
		is.True(!strings.HasPrefix(w.of(transport.Connected)[0].Peer, "unnamed")) // with the pair property
	})
}

func TestWorkerIsKilled(t *testing.T) {
	eachSetting(t, func(t *testing.T, m *mesh) {
		const count, atOnce = 2000, 32
		is, ctx := is.New(t), patiently(t)
		worker := m.python(t, "worker.py")
		var w watch
		client := m.client(t, &w)
		var done tally
		ended := make(chan error, 1)
		go func() { ended <- calls(ctx, client, count, atOnce, "5ms", &done) }()
		eventually(t, "calls are answered", func() bool { return done.answered.Load() >= count/4 })
		worker.kill()
		m.python(t, "worker.py")
		is.NoErr(<-ended) // all calls have ended, by an answer or as lost
		t.Logf("%d of %d calls lost", done.lost.Load(), count)
		is.Equal(done.answered.Load()+done.lost.Load(), int64(count))
		is.True(done.lost.Load() <= atOnce) // only what was in flight is lost
		is.Equal(client.Stats().Stranger, uint64(0))
	})
}

func TestServerIsKilled(t *testing.T) {
	eachSetting(t, func(t *testing.T, m *mesh) {
		const count, atOnce = 2000, 32
		is := is.New(t)
		server := m.child(t, "server")
		caller := m.python(t, "caller.py", "--calls", strconv.Itoa(count), "--window", strconv.Itoa(atOnce), "--delay", "5ms")
		eventually(t, "calls are executed", func() bool { return len(server.did(t)) >= count/4 })
		server.kill()
		again := m.child(t, "server")
		caller.end(t)
		a := caller.account(t)
		t.Logf("%d of %d calls lost", a.Lost, count)
		is.True(a.Lost <= atOnce) // only what was in flight is lost
		is.Equal(a, account{Calls: count, Answered: count - a.Lost, Lost: a.Lost})
		var executed ledger
		for _, call := range append(server.did(t), again.did(t)...) {
			executed.add(call)
		}
		is.Equal(len(executed.twice()), 0)    // at most once, whoever did it
		is.True(executed.len() >= a.Answered) // and every answer stands for an execution
		is.True(executed.len() <= a.Answered+a.Lost)
	})
}

func TestCallerIsKilled(t *testing.T) {
	eachSetting(t, func(t *testing.T, m *mesh) {
		is := is.New(t)
		var w watch
		var executed ledger
		m.server(t, &w, executed.add)
		caller := m.python(t, "caller.py", "--calls", "1000000", "--window", "32", "--delay", "5ms")
		eventually(t, "calls are executed", func() bool { return executed.len() >= 500 })
		caller.kill()
		again := m.python(t, "caller.py", "--calls", "1000", "--delay", "5ms")
		is.Equal(again.end(t), 0) // the next one is served
		is.Equal(again.account(t), account{Calls: 1000, Answered: 1000})
		is.Equal(len(executed.twice()), 0)
	})
}

func TestClientIsKilled(t *testing.T) {
	eachSetting(t, func(t *testing.T, m *mesh) {
		is, ctx := is.New(t), patiently(t)
		worker := m.python(t, "worker.py")
		first := m.child(t, "client")
		eventually(t, "calls are answered", func() bool { return len(first.did(t)) >= 500 })
		first.kill()
		var w watch
		client := m.client(t, &w)
		var done tally
		is.NoErr(calls(ctx, client, 1000, 32, "5ms", &done)) // the same worker serves the next one
		is.Equal(done.answered.Load(), int64(1000))
		stats := client.Stats()
		is.Equal(stats.Stranger+stats.Late+stats.Malformed, uint64(0)) // and does not send it the answers to the first
		is.NoErr(worker.cmd.Process.Signal(syscall.SIGTERM))
		is.Equal(worker.end(t), 0)
	})
}

// While secrets are rotated either side may know two, and the other one of them.
func TestRotation(t *testing.T) {
	eachSetting(t, func(t *testing.T, m *mesh) {
		is, ctx := is.New(t), patiently(t)
		old, current := newKey(), newKey()
		for _, c := range []struct{ python, golang string }{{old + "\n" + current, old}, {current, old + "\n" + current}} {
			m.secret = c.python
			worker := m.python(t, "worker.py")
			m.secret = c.golang
			client := m.client(t, &watch{})
			is.NoErr(client.Ready(ctx, slow)) // they find the secret that they share
			is.NoErr(call(ctx, client, 1, "0s"))
			is.NoErr(client.Close())
			worker.kill()
		}
	})
}

func TestWrongSecret(t *testing.T) {
	eachSetting(t, func(t *testing.T, m *mesh) {
		is := is.New(t)
		m.python(t, "worker.py")
		m.secret = newKey()
		var w watch
		m.client(t, &w)
		eventually(t, "somebody is refused", func() bool { return len(w.of(transport.HandshakeFailed)) > 0 })
		is.Equal(len(w.of(transport.Connected)), 0)
		err := w.of(transport.HandshakeFailed)[0].Err
		silent := m.tcp && m.serviceBinds                       // libzmq's CURVE server does not say why
		is.True(errors.Is(err, transport.ErrRefused) != silent) // the others do
		is.True(!silent || strings.Contains(err.Error(), "closed the connection"))
	})
}

// Peers without the pair property cannot be told apart: one of them is served, the next is refused, and those with it
// take no notice.
func TestUnnamedCallers(t *testing.T) {
	t.Parallel()
	for _, s := range settings {
		if !s.serviceBinds {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			is, ctx := is.New(t), patiently(t)
			m := newMesh(t, s)
			var w watch
			var executed ledger
			m.server(t, &w, executed.add)
			first := m.python(t, "caller.py", "--plain", "--calls", "1000000", "--window", "8", "--delay", "5ms")
			eventually(t, "the first is served", func() bool { return executed.len() > 8 })
			is.True(strings.HasPrefix(w.of(transport.Connected)[0].Peer, "unnamed"))

			second := m.python(t, "caller.py", "--plain", "--calls", "50")
			eventually(t, "the second is refused", func() bool {
				for _, e := range w.of(transport.HandshakeFailed) {
					if errors.Is(e.Err, transport.ErrProtocol) && strings.Contains(e.Err.Error(), "an unnamed peer is there already") {
						return e.Peer != "" // and the event says who it is
					}
				}
				return false
			})
			client := m.client(t, &watch{})
			var done tally
			is.NoErr(calls(ctx, client, 1000, 32, "1ms", &done)) // a named one is served beside the first
			is.Equal(done.answered.Load(), int64(1000))
			is.Equal(client.Stats().Stranger, uint64(0)) // and gets no answer that it did not ask for
			is.Equal(second.stdout.String(), "")         // the second still waits

			is.NoErr(first.cmd.Process.Signal(syscall.SIGTERM)) // the first leaves
			first.end(t)
			a := first.account(t)
			is.True(a.Answered > 8)
			is.Equal(a, account{Calls: 1000000, Answered: a.Answered})
			is.Equal(second.end(t), 0) // then the second is served
			is.Equal(second.account(t), account{Calls: 50, Answered: 50})
			is.Equal(len(executed.twice()), 0)
		})
	}
}
