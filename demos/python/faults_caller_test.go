package python_test

import (
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/matryer/is"
)

// TestServerIsRestarted: the caller's only instance leaves in good order and comes back. Not a call is lost: what comes
// back unserved is asked again.
func TestServerIsRestarted(t *testing.T) {
	eachSetting(t, func(t *testing.T, m *mesh) {
		const count = 1000
		is := is.New(t)
		var executed ledger
		server := m.server(t, &watch{}, executed.add)
		caller := m.python(t, "caller.py", "--calls", strconv.Itoa(count), "--window", "16", "--delay", "5ms")
		for n := range 3 {
			eventually(t, "calls are executed", func() bool { return executed.len() >= (n+1)*count/5 })
			is.NoErr(server.Shutdown(patiently(t))) // with all its answers
			server = m.server(t, &watch{}, executed.add)
		}
		caller.end(t)
		a := caller.account(t)
		t.Logf("%d came back unserved", a.SentBack)
		is.Equal(a, account{Calls: count, Answered: count, SentBack: a.SentBack})
		is.Equal(len(executed.twice()), 0)
		is.Equal(executed.len(), count)
	})
}

// TestServerIsStopped: the instance reads nothing for a while. The caller gives up in time, and what it gave up does not run
// when the instance goes on, or has begun before.
func TestServerIsStopped(t *testing.T) {
	eachSetting(t, func(t *testing.T, m *mesh) {
		const count, atOnce = 600, 32
		is := is.New(t)
		server := m.child(t, "server")
		caller := m.python(t, "caller.py", "--calls", strconv.Itoa(count), "--window", strconv.Itoa(atOnce), "--delay", "50ms", "--timeout", "0.4")
		eventually(t, "calls are executed", func() bool { return len(server.did(t)) >= count/4 })
		is.NoErr(server.cmd.Process.Signal(syscall.SIGSTOP))
		<-time.After(time.Second)
		is.NoErr(server.cmd.Process.Signal(syscall.SIGCONT))
		caller.end(t)
		a := caller.account(t)
		t.Logf("%d of %d calls were given up", a.Late, count)
		is.True(a.Late > 0)
		is.Equal(a, account{Calls: count, Answered: count - a.Late, Late: a.Late}) // each has one end
		var executed ledger
		for _, call := range server.did(t) {
			executed.add(call)
		}
		is.Equal(len(executed.twice()), 0)
		is.True(executed.len() <= a.Answered+atOnce) // at most what had begun before
	})
}
