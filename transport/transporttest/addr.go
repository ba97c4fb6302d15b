package transporttest

import (
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"quartet/transport"
)

var names atomic.Int64

// Inproc makes an address within this process.
func Inproc(tb testing.TB) transport.Addr {
	tb.Helper()
	n := names.Add(1)
	return parse(tb, fmt.Sprintf("inproc://test-%d-requests", n), fmt.Sprintf("inproc://test-%d-responses", n))
}

// IPC makes an address of two sockets in a directory of their own. TempDir would hold the name of the test,
// and a socket's path has room for 107 bytes only.
func IPC(tb testing.TB) transport.Addr {
	tb.Helper()
	dir, err := os.MkdirTemp("", "quartet")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { os.RemoveAll(dir) })
	return parse(tb, "ipc://"+filepath.Join(dir, "requests"), "ipc://"+filepath.Join(dir, "responses"))
}

func parse(tb testing.TB, requests, responses string) transport.Addr {
	tb.Helper()
	addr, err := transport.ParseAddr(requests, responses)
	if err != nil {
		tb.Fatal(err)
	}
	return addr
}
