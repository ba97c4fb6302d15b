package transport

import (
	"fmt"
	"net"
	"net/netip"
)

// cred is who is at the other end of a connection, as the kernel tells: user and process on ipc, the
// address without its port on tcp.
type cred struct {
	uid, pid int
	ip       netip.Addr
}

func (c cred) String() string {
	if c.ip.IsValid() {
		return "ip=" + c.ip.String()
	}
	return fmt.Sprintf("uid=%d pid=%d", c.uid, c.pid)
}

// connCred asks who is at the other end; ok is false where nobody can tell, on inproc.
func connCred(c net.Conn, ask func(fd uintptr) (cred, error)) (who cred, ok bool, err error) {
	if remote, isTCP := c.RemoteAddr().(*net.TCPAddr); isTCP {
		return cred{ip: remote.AddrPort().Addr().Unmap()}, true, nil
	}
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
