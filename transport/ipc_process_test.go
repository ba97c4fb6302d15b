package transport

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/matryer/is"
)

// TestIPCBinderIsKilled: what kill -9 leaves behind does not stop the next binder.
func TestIPCBinderIsKilled(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	addr := ipcAddr(t)
	for range 2 {
		h := startHelper(t, nil, "bind", addr.Requests.String(), addr.Responses.String())
		is.Equal(h.line(), "bound")
		_, err := Listen(addr, newNode(App, false).cfg)
		is.True(errors.Is(err, ErrInUse)) // a live one is never replaced
		is.NoErr(h.cmd.Process.Kill())
		h.cmd.Wait()
		_, err = os.Lstat(addr.Requests.rest)
		is.NoErr(err) // a stale one is left
	}
	app, instance := newNode(App, false), newNode(Instance, false)
	app.listen(t, addr) // and replaced
	instance.dial(t, addr)
	app.peer(t)
}

// TestIPCRaceForAStaleSocket: of processes that find the same stale socket, one replaces it, and it stays.
func TestIPCRaceForAStaleSocket(t *testing.T) {
	t.Parallel()
	for range 3 {
		is := is.New(t)
		addr := ipcAddr(t)
		stale(t, addr.Requests.rest)
		stale(t, addr.Responses.rest)
		racers := make([]*helper, 6)
		for i := range racers {
			racers[i] = startHelper(t, nil, "bind", addr.Requests.String(), addr.Responses.String())
		}
		bound := 0
		for _, h := range racers {
			switch line := h.line(); {
			case line == "bound":
				bound++
			case !strings.Contains(line, ErrInUse.Error()):
				is.Equal(line, "an error that wraps ErrInUse")
			}
		}
		is.Equal(bound, 1) // one wins
		c, err := rawGreeted(addr.Responses, "PLAIN")
		is.NoErr(err) // and is the one who answers
		c.Close()
	}
}

// TestIPCSquatter: another user holds the path, in a directory where anybody may make files. The dialler sees
// who listens before it says a word. To run a process as another user takes root; TestIPCListenerOfAnother
// shows the same without.
func TestIPCSquatter(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	const nobody = 65534
	n, uid := newNode(Instance, false), os.Geteuid()
	change := func(cmd *exec.Cmd) {}
	if uid == 0 {
		uid = nobody
		change = func(cmd *exec.Cmd) {
			cmd.Path = copyForAll(t, cmd.Path)
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		}
	} else {
		n.cfg.peerCred = func(uintptr) (cred, error) { return cred{uid: uid + 1}, nil }
	}
	dir := shortDir(t)
	is.NoErr(os.Chmod(dir, 0o777|os.ModeSticky))
	addr := ipcAddrIn(t, dir)
	h := startHelper(t, change, "squat", addr.Requests.rest)
	is.True(strings.HasPrefix(h.line(), "squatting as ")) // it is there
	n.dial(t, addr)
	is.Equal(h.line(), `got ""`) // not a byte, of the token or of anything else
	is.Equal(h.line(), `got ""`) // nor at the next try
	is.True(n.count(HandshakeFailed, ErrNotTrusted) > 0)
	is.True(strings.Contains(n.log.String(), "runs as uid ")) // the log says who is there
	is.NoErr(unspoken(n.log.String(), testSecret))

	_, err := Listen(addr, newNode(App, false).cfg)
	is.True(errors.Is(err, ErrInUse)) // nor can we bind while he lives
}

// copyForAll puts a program where every user can run it: go test builds in a directory of its own user.
func copyForAll(t *testing.T, program string) string {
	is := is.New(t)
	dir := shortDir(t)
	is.NoErr(os.Chmod(dir, 0o755))
	text, err := os.ReadFile(program)
	is.NoErr(err)
	file := filepath.Join(dir, "helper")
	syscall.ForkLock.RLock() // a child that is being started would hold the file open, and what is written to cannot be run
	defer syscall.ForkLock.RUnlock()
	is.NoErr(os.WriteFile(file, text, 0o755))
	return file
}
