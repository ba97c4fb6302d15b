package transport

import (
	"errors"
	"net"
)

// wrap puts around a new connection what Config.Wrap makes of it. Who is at the other end was asked before.
func (c Config) wrap(conn net.Conn) net.Conn {
	if c.Wrap == nil {
		return conn
	}
	return wrappedConn{c.Wrap(conn)}
}

// wrappedConn hides the socket below a wrapper, which may have embedded it: no byte passes the wrapper by.
type wrappedConn struct{ net.Conn }

// TryWrite takes nothing where the wrapper cannot write without waiting: the link's goroutine then writes.
func (c wrappedConn) TryWrite(p []byte) (int, error) {
	if t, ok := c.Conn.(tryWriter); ok {
		return t.TryWrite(p)
	}
	return 0, nil
}

// CloseWrite implements half-close where the wrapper does.
func (c wrappedConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}
