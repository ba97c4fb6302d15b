package transport

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

const dialTimeout = 3 * time.Second

// ipcSendBuffer is how much of what a link has sent the kernel may hold until it is read, in bytes. Linux counts what it needs
// for itself, for which it doubles this, and takes net.core.wmem_max at most. By default it is a fifth: a body of 1 MiB had to
// wait five times for its reader.
const ipcSendBuffer = 512 << 10

// widen gives the sending end of a link over ipc its send buffer. Those of tcp grow as they are needed.
func widen(c net.Conn) {
	if u, ok := c.(*net.UnixConn); ok {
		u.SetWriteBuffer(ipcSendBuffer) // where it is refused the link is only slower
	}
}

// listenIPC binds a Unix socket. A missing last directory is made, 0700; one that everybody may write
// to is refused; a stale socket, one whose dial is refused, is replaced, a live one never.
func listenIPC(given string, cfg Config) (net.Listener, error) {
	path := given // which may be short where the absolute one is too long
	if err := makeDir(filepath.Dir(path)); err != nil {
		return nil, err
	}
	unlock, err := lockFile(path + ".lock")
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := removeStale(path); err != nil {
		return nil, err
	}
	lc := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		// On Linux the socket's file takes this mode at bind: nobody can connect before the chmod below.
		return raw.Control(func(fd uintptr) { _ = syscall.Fchmod(int(fd), uint32(cfg.SocketMode.Perm())) })
	}}
	if path, err = filepath.Abs(path); err != nil { // for its removal: the working directory may change
		return nil, err
	}
	ln, err := lc.Listen(context.Background(), "unix", given)
	if err != nil {
		return nil, err
	}
	ln.(*net.UnixListener).SetUnlinkOnClose(false) // by name, whosever it is by then
	l := &ipcListener{Listener: ln, path: path}
	if l.file, err = os.Lstat(path); err == nil && l.file.Mode().Perm() != cfg.SocketMode.Perm() {
		err = os.Chmod(path, cfg.SocketMode.Perm())
	}
	if err != nil {
		os.Remove(path)
		ln.Close()
		return nil, err
	}
	return l, nil
}

// ipcListener removes its socket when it is closed, if it is still its own.
type ipcListener struct {
	net.Listener
	path string
	file fs.FileInfo
}

// Close unbinds. The file is judged while the socket is open: afterwards another could have its inode.
func (l *ipcListener) Close() error {
	unlock, err := lockFile(l.path + ".lock")
	if err != nil {
		return l.Listener.Close() // the next binder replaces a stale socket
	}
	defer unlock()
	if now, err := os.Lstat(l.path); err == nil && os.SameFile(now, l.file) {
		os.Remove(l.path)
	}
	return l.Listener.Close()
}

func makeDir(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("the socket's directory cannot be made: %w", err)
	}
	return checkDir(dir)
}

// checkDir refuses a directory in which anybody can replace a socket by his own.
func checkDir(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is not a directory", dir)
	}
	if mode := info.Mode(); mode.Perm()&0o002 != 0 && mode&fs.ModeSticky == 0 {
		return fmt.Errorf("%w: every user may write to the directory %s (mode %04o); chmod o-w it", ErrNotTrusted, dir, mode.Perm())
	}
	return nil
}

// lockFile keeps two processes from judging the same stale socket. The file stays: to remove it would
// open the race again.
func lockFile(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the lock beside the socket: %w", err)
	}
	for start := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { f.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) || time.Since(start) > dialTimeout {
			f.Close()
			return nil, fmt.Errorf("the lock %s: %w", path, err)
		}
	}
}

func removeStale(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("%w: %s is there and is not a socket", ErrInUse, path)
	}
	c, err := net.DialTimeout("unix", path, dialTimeout)
	if err == nil {
		c.Close()
		return fmt.Errorf("%w: a process listens at %s", ErrInUse, path)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist): // its owner has just removed it
		return nil
	case !dialRefused(err):
		return fmt.Errorf("%w: %s cannot be judged stale: %w", ErrInUse, path, err)
	}
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// dialIPC connects to a Unix socket, and makes sure that the secret may be shown to whoever listens.
func dialIPC(ctx context.Context, path string, cfg Config) (net.Conn, error) {
	d := net.Dialer{Timeout: dialTimeout}
	c, err := d.DialContext(ctx, "unix", path)
	if err != nil {
		return nil, err
	}
	if err := trustListener(c, path, cfg); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func trustListener(c net.Conn, path string, cfg Config) error {
	who, _, err := connCred(c, cfg.peerCred)
	if err != nil {
		return fmt.Errorf("%w: who listens is not known: %w", ErrNotTrusted, err)
	}
	if who.uid != os.Geteuid() && who.uid != 0 && !slices.Contains(cfg.PeerUIDs, who.uid) {
		return fmt.Errorf("%w: the listener runs as uid %d, not as our own %d or root (allow it with WithPeerUID)",
			ErrNotTrusted, who.uid, os.Geteuid())
	}
	return checkDir(filepath.Dir(path))
}
