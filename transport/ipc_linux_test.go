package transport

import (
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/matryer/is"
)

// TestIPCSendBuffer: the kernel takes more of a link than it does by default, whatever net.core.wmem_max is, and only where
// messages are sent.
func TestIPCSendBuffer(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	text, err := os.ReadFile("/proc/sys/net/core/wmem_default")
	is.NoErr(err)
	usual, err := strconv.Atoi(strings.TrimSpace(string(text)))
	is.NoErr(err)
	app, instance := newNode(App, false), newNode(Instance, false)
	addr := ipcAddr(t)
	app.listen(t, addr)
	instance.dial(t, addr)
	ends := []*inbox{app.peer(t), instance.peer(t)}
	for _, b := range ends {
		_, err := b.peer.Send([]byte("x"))
		is.NoErr(err)
	}
	for _, b := range ends {
		(<-b.got).Release() // its links have begun
		is.True(sendBuffer(t, b.peer.out) > usual)
		is.Equal(sendBuffer(t, b.peer.in), usual)
	}
}

func sendBuffer(t *testing.T, l *link) (size int) {
	t.Helper()
	is := is.New(t)
	raw, err := l.fc.Conn.(syscall.Conn).SyscallConn()
	is.NoErr(err)
	is.NoErr(raw.Control(func(fd uintptr) { size, err = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_SNDBUF) }))
	is.NoErr(err)
	return size
}
