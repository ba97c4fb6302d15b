//go:build unix

package transporttest

import (
	"errors"
	"net"
	"syscall"
)

// tryWriteOf makes a write that does not wait: that of the connection, or of its socket; nil where there is
// none.
func tryWriteOf(c net.Conn) func(p []byte) (int, error) {
	if t, ok := c.(interface{ TryWrite([]byte) (int, error) }); ok {
		return t.TryWrite
	}
	s, ok := c.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return nil
	}
	return func(p []byte) (n int, err error) {
		outer := raw.Write(func(fd uintptr) bool {
			for err = syscall.EINTR; err == syscall.EINTR; {
				n, err = syscall.Write(int(fd), p)
			}
			return true
		})
		if err == syscall.EAGAIN {
			err = nil
		}
		return max(n, 0), errors.Join(outer, err)
	}
}
