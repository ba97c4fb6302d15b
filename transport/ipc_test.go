package transport

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/matryer/is"
)

func withDefaults() Config { return newNode(App, false).cfg.withDefaults() }

// stale leaves a socket behind as a killed process does.
func stale(tb testing.TB, path string) {
	tb.Helper()
	is := is.New(tb)
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	is.NoErr(err)
	ln.SetUnlinkOnClose(false)
	is.NoErr(ln.Close())
	_, err = os.Lstat(path)
	is.NoErr(err) // it is still there
}

func TestIPCReplacesOnlyStaleSockets(t *testing.T) {
	t.Parallel()
	t.Run("stale", func(t *testing.T) {
		is := is.New(t)
		path := filepath.Join(shortDir(t), "q")
		stale(t, path)
		ln, err := listenIPC(path, withDefaults())
		is.NoErr(err) // replaced
		is.NoErr(ln.Close())
		_, err = os.Lstat(path)
		is.True(errors.Is(err, fs.ErrNotExist)) // and gone in good order
	})
	t.Run("live", func(t *testing.T) {
		is := is.New(t)
		path := filepath.Join(shortDir(t), "q")
		first, err := listenIPC(path, withDefaults())
		is.NoErr(err)
		defer first.Close()
		_, err = listenIPC(path, withDefaults())
		is.True(errors.Is(err, ErrInUse)) // never replaced
		c, err := net.Dial("unix", path)
		is.NoErr(err) // the first still listens
		c.Close()
	})
	t.Run("live, by another program", func(t *testing.T) {
		is := is.New(t)
		path := filepath.Join(shortDir(t), "q")
		first, err := net.Listen("unix", path)
		is.NoErr(err)
		defer first.Close()
		_, err = listenIPC(path, withDefaults())
		is.True(errors.Is(err, ErrInUse)) // never replaced
	})
	for name, make := range map[string]func(path string) error{
		"a regular file": func(path string) error { return os.WriteFile(path, []byte("precious"), 0o600) },
		"a directory":    func(path string) error { return os.Mkdir(path, 0o700) },
		"a pipe":         func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"a link to a stale socket": func(path string) error {
			return os.Symlink(filepath.Base(path)+".stale", path)
		},
		"a link to nothing": func(path string) error { return os.Symlink("/nowhere", path) },
	} {
		t.Run(name, func(t *testing.T) {
			is := is.New(t)
			path := filepath.Join(shortDir(t), "q")
			stale(t, path+".stale")
			is.NoErr(make(path))
			before, err := os.Lstat(path)
			is.NoErr(err)
			_, err = listenIPC(path, withDefaults())
			is.True(errors.Is(err, ErrInUse)) // refused
			after, err := os.Lstat(path)
			is.NoErr(err)
			is.True(os.SameFile(before, after)) // and left alone
		})
	}
}

func TestIPCDirectory(t *testing.T) {
	t.Parallel()
	t.Run("made when missing", func(t *testing.T) {
		is := is.New(t)
		dir := filepath.Join(shortDir(t), "run")
		ln, err := listenIPC(filepath.Join(dir, "q"), withDefaults())
		is.NoErr(err)
		defer ln.Close()
		info, err := os.Stat(dir)
		is.NoErr(err)
		is.Equal(info.Mode().Perm(), fs.FileMode(0o700)) // for us only
	})
	t.Run("only the last", func(t *testing.T) {
		is := is.New(t)
		_, err := listenIPC(filepath.Join(shortDir(t), "a", "b", "q"), withDefaults())
		is.True(errors.Is(err, fs.ErrNotExist)) // a mistyped path is not made
	})
	for _, c := range []struct {
		mode fs.FileMode
		ok   bool
	}{{0o700, true}, {0o755, true}, {0o775, true}, {0o777 | fs.ModeSticky, true}, {0o777, false}, {0o702, false}, {0o703, false}} {
		t.Run(c.mode.String(), func(t *testing.T) {
			is := is.New(t)
			dir := shortDir(t)
			is.NoErr(os.Chmod(dir, c.mode))
			path := filepath.Join(dir, "q")
			ln, err := listenIPC(path, withDefaults())
			is.Equal(err == nil, c.ok)                     // as the table says
			is.True(c.ok || errors.Is(err, ErrNotTrusted)) // since others could replace the socket
			info, err := os.Stat(dir)
			is.NoErr(err)
			is.Equal(info.Mode()&(fs.ModePerm|fs.ModeSticky), c.mode) // what is there is never changed
			if ln == nil {
				ln, err = net.Listen("unix", path) // bound before the directory was opened to all
				is.NoErr(err)
			}
			defer ln.Close()
			_, err = dialIPC(context.Background(), path, withDefaults())
			is.Equal(err == nil, c.ok)                     // the same for a dialler
			is.True(c.ok || errors.Is(err, ErrNotTrusted)) // who would show it the secret
		})
	}
}

func TestIPCSocketMode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ asked, want fs.FileMode }{{0, 0o600}, {0o660, 0o660}, {0o666, 0o666}, {0o644, 0o644}} {
		t.Run(c.asked.String(), func(t *testing.T) {
			is := is.New(t)
			path := filepath.Join(shortDir(t), "q")
			cfg := Config{SocketMode: c.asked}.withDefaults()
			ln, err := listenIPC(path, cfg)
			is.NoErr(err)
			defer ln.Close()
			info, err := os.Lstat(path)
			is.NoErr(err)
			is.Equal(info.Mode().Perm(), c.want) // whatever the umask
		})
	}
}

// TestIPCSocketIsNeverOpen: not even between bind and chmod.
func TestIPCSocketIsNeverOpen(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	path := filepath.Join(shortDir(t), "q")
	stop, open := make(chan struct{}), make(chan fs.FileMode, 1)
	go func() {
		defer close(open)
		for {
			select {
			case <-stop:
				return
			default:
			}
			if info, err := os.Lstat(path); err == nil && info.Mode().Perm()&0o077 != 0 {
				open <- info.Mode()
				return
			}
		}
	}()
	for range 200 {
		ln, err := listenIPC(path, withDefaults())
		is.NoErr(err)
		is.NoErr(ln.Close())
	}
	close(stop)
	for mode := range open {
		is.Equal(mode.Perm(), fs.FileMode(0o600)) // at no time
	}
}

func TestIPCPathLimit(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	dir := shortDir(t)
	name := strings.Repeat("n", maxSocketPath()-len(dir)-1)
	e, err := ParseEndpoint("ipc://" + filepath.Join(dir, name))
	is.NoErr(err) // the longest path
	ln, err := listenIPC(e.rest, withDefaults())
	is.NoErr(err) // can be bound
	defer ln.Close()
	c, err := dialIPC(context.Background(), e.rest, withDefaults())
	is.NoErr(err) // and dialled
	c.Close()
	_, err = ParseEndpoint("ipc://" + filepath.Join(dir, name+"n"))
	is.True(errors.Is(err, ErrEndpoint)) // one byte more is refused where it is read
}

// TestIPCListenerOfAnother: who listens is asked of the kernel, here of the test.
func TestIPCListenerOfAnother(t *testing.T) {
	t.Parallel()
	me := os.Geteuid()
	for _, c := range []struct {
		name string
		uid  int
		fail error
		more []int
		ok   bool
	}{
		{name: "ourselves", uid: me, ok: true},
		{name: "root", uid: 0, ok: true},
		{name: "somebody", uid: me + 4711},
		{name: "somebody who is allowed", uid: me + 4711, more: []int{me + 1, me + 4711}, ok: true},
		{name: "somebody else than the allowed", uid: me + 4711, more: []int{me + 1}},
		{name: "nobody knows", uid: me, fail: errors.New("the kernel does not tell")},
	} {
		t.Run(c.name, func(t *testing.T) {
			is := is.New(t)
			path := filepath.Join(shortDir(t), "q")
			ln, err := net.Listen("unix", path)
			is.NoErr(err)
			defer ln.Close()
			cfg := withDefaults()
			cfg.PeerUIDs = c.more
			cfg.peerCred = func(uintptr) (cred, error) { return cred{uid: c.uid, pid: 1}, c.fail }
			conn, err := dialIPC(context.Background(), path, cfg)
			is.Equal(err == nil, c.ok)                     // as the table says
			is.True(c.ok || errors.Is(err, ErrNotTrusted)) // and why
			if conn != nil {
				conn.Close()
			}
		})
	}
}
