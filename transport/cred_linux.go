package transport

import "syscall"

// peerCred is SO_PEERCRED (unix(7)): of a listener, who called listen; of a dialler, who called connect.
func peerCred(fd uintptr) (cred, error) {
	u, err := syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	if err != nil {
		return cred{}, err
	}
	return cred{uid: int(u.Uid), pid: int(u.Pid)}, nil
}
