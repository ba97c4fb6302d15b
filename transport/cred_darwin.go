package transport

import "golang.org/x/sys/unix"

// peerCred is LOCAL_PEERCRED and LOCAL_PEERPID (macOS unix(4)).
func peerCred(fd uintptr) (cred, error) {
	x, err := unix.GetsockoptXucred(int(fd), unix.SOL_LOCAL, unix.LOCAL_PEERCRED)
	if err != nil {
		return cred{}, err
	}
	pid, err := unix.GetsockoptInt(int(fd), unix.SOL_LOCAL, unix.LOCAL_PEERPID)
	if err != nil {
		return cred{}, err
	}
	return cred{uid: int(x.Uid), pid: pid}, nil
}
