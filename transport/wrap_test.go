package transport

import (
	"errors"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/matryer/is"
)

// tap counts what passes the wrappers of one side.
type tap struct{ conns, in, out, closed atomic.Int64 }

func (t *tap) read(n int, err error) (int, error) {
	t.in.Add(int64(n))
	return n, err
}

func (t *tap) write(n int, err error) (int, error) {
	t.out.Add(int64(n))
	return n, err
}

// leakyUnix lends the methods of the socket that it embeds, by which bytes could pass it by.
type leakyUnix struct {
	*net.UnixConn
	*tap
}

func (l leakyUnix) Read(p []byte) (int, error)  { return l.tap.read(l.UnixConn.Read(p)) }
func (l leakyUnix) Write(p []byte) (int, error) { return l.tap.write(l.UnixConn.Write(p)) }
func (l leakyUnix) Close() error                { l.closed.Add(1); return l.UnixConn.Close() }

type leakyTCP struct {
	*net.TCPConn
	*tap
}

func (l leakyTCP) Read(p []byte) (int, error)  { return l.tap.read(l.TCPConn.Read(p)) }
func (l leakyTCP) Write(p []byte) (int, error) { return l.tap.write(l.TCPConn.Write(p)) }
func (l leakyTCP) Close() error                { l.closed.Add(1); return l.TCPConn.Close() }

// bare knows neither half-close nor writes that do not wait.
type bare struct {
	net.Conn
	*tap
}

func (b bare) Read(p []byte) (int, error)  { return b.tap.read(b.Conn.Read(p)) }
func (b bare) Write(p []byte) (int, error) { return b.tap.write(b.Conn.Write(p)) }
func (b bare) Close() error                { b.closed.Add(1); return b.Conn.Close() }

// trying can write without waiting where the connection below can.
type trying struct{ bare }

func (t trying) TryWrite(p []byte) (int, error) {
	return t.tap.write(t.Conn.(tryWriter).TryWrite(p))
}

func (t *tap) leaky(c net.Conn) net.Conn {
	t.conns.Add(1)
	if u, ok := c.(*net.UnixConn); ok {
		return leakyUnix{u, t}
	}
	return leakyTCP{c.(*net.TCPConn), t}
}

func (t *tap) bare(c net.Conn) net.Conn {
	t.conns.Add(1)
	return bare{c, t}
}

func (t *tap) trying(c net.Conn) net.Conn {
	t.conns.Add(1)
	return trying{bare{c, t}}
}

// TestWrapSeesEveryByte: what a wrapper at one end writes is what that at the other end reads, however much of
// the socket it lets others see.
func TestWrapSeesEveryByte(t *testing.T) {
	t.Parallel()
	ca := newTLSCA(t, "ours")
	files := ca.files(t, []string{"127.0.0.1"}, ca)
	over := func(scheme string) func(testing.TB) Addr {
		return func(t testing.TB) Addr { return wireAddr(t, scheme, "127.0.0.1") }
	}
	leaky := func(t *tap) func(net.Conn) net.Conn { return t.leaky }
	plain := func(t *tap) func(net.Conn) net.Conn { return t.bare }
	trying := func(t *tap) func(net.Conn) net.Conn { return t.trying }
	for name, c := range map[string]struct {
		addr func(testing.TB) Addr
		wrap func(*tap) func(net.Conn) net.Conn
		who  string // in the name of a peer at the binder
	}{
		"ipc":           {ipcAddr, leaky, "uid="},
		"tcp":           {over(schemeTCP), leaky, "ip=127.0.0.1"},
		"tls+tcp":       {over(schemeTLS), leaky, "ip=127.0.0.1"},
		"ipc, bare":     {ipcAddr, plain, "uid="},
		"inproc, bare":  {newInproc, plain, ""},
		"inproc, tries": {newInproc, trying, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			var bound, dialled tap
			l, d := newNode(App, true), newNode(Instance, false)
			l.cfg.TLS, d.cfg.TLS = files, files
			l.cfg.Heartbeat, d.cfg.Heartbeat = -1, -1 // nothing is under way when the two part
			l.cfg.Wrap, d.cfg.Wrap = c.wrap(&bound), c.wrap(&dialled)
			ln := l.listen(t, c.addr(t))
			dl := d.dial(t, ln.Addr())
			near, far := d.peer(t), l.peer(t)
			is.True(strings.Contains(far.peer.String(), c.who)) // the system was asked before
			var sent sync.WaitGroup
			for i := range 8 {
				sent.Go(func() {
					for n := range 20 {
						near.peer.SendWithin(patience, make([]byte, 1+i*n*100))
					}
				})
			}
			for range 8 * 20 {
				m := <-near.got
				m.Release()
			}
			sent.Wait()
			is.True(dialled.out.Load() > 100_000) // they saw the messages
			is.NoErr(eventually(patience, "what one side wrote the other has read", func() bool {
				return dialled.out.Load() == bound.in.Load() && bound.out.Load() == dialled.in.Load()
			}))
			dl.Close()
			near.peer.Close()
			is.True(errors.Is(<-near.end, ErrClosed))
			is.True(errors.Is(<-far.end, ErrPeerGone))
			is.Equal(dialled.conns.Load(), int64(2)) // one wrapper for each connection
			is.Equal(bound.conns.Load(), int64(2))
			is.True(dialled.closed.Load() >= 2) // and it is what is closed
			is.True(bound.closed.Load() >= 2)
		})
	}
}
