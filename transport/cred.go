package transport

import (
	"fmt"
	"net"
)

// cred is who is at the other end of an ipc connection, as the kernel tells.
type cred struct{ uid, pid int }

func (c cred) String() string { return fmt.Sprintf("uid=%d pid=%d", c.uid, c.pid) }

// connCred asks for the credentials of a Unix socket's other end; ok is false for other connections.
func connCred(c net.Conn, ask func(fd uintptr) (cred, error)) (who cred, ok bool, err error) {
	u, isUnix := c.(*net.UnixConn)
	if !isUnix {
		return cred{}, false, nil
	}
	raw, err := u.SyscallConn()
	if err != nil {
		return cred{}, false, err
	}
	var askErr error
	if err := raw.Control(func(fd uintptr) { who, askErr = ask(fd) }); err != nil {
		return cred{}, false, err
	}
	return who, askErr == nil, askErr
}
