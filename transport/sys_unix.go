//go:build unix

package transport

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
)

// sysWriter writes to a socket without waiting for room.
type sysWriter struct {
	raw syscall.RawConn
	p   []byte
	n   int
	err error
	fn  func(fd uintptr) bool // made once, so that a write allocates nothing
}

func newTryWriter(c net.Conn) tryWriter {
	if t, ok := c.(tryWriter); ok {
		return t
	}
	sc, ok := c.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return nil
	}
	w := &sysWriter{raw: raw}
	w.fn = w.write
	return w
}

// TryWrite is called under the link's lock.
func (w *sysWriter) TryWrite(p []byte) (int, error) {
	w.p, w.n, w.err = p, 0, nil
	err := w.raw.Write(w.fn)
	w.p = nil
	if err == nil {
		err = w.err
	}
	return w.n, err
}

func (w *sysWriter) write(fd uintptr) bool {
	for {
		n, err := syscall.Write(int(fd), w.p)
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			return true
		case err != nil:
			w.err = err
			return true
		}
		w.n = n
		return true
	}
}

func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, net.ErrClosed) || errors.Is(err, io.ErrClosedPipe)
}

func isBrokenPipe(err error) bool { return errors.Is(err, syscall.EPIPE) }

func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }

// notThere says that nobody listens at a socket path.
func notThere(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ENOENT)
}

func dialRefused(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }
