package transport

import (
	"errors"
	"net"
	"testing"

	"github.com/matryer/is"
)

func TestUnnamedPeers(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	v, addr := newNode(App, false), ipcAddr(t)
	v.listen(t, addr)
	unnamed := func(kind linkKind) net.Conn {
		c, err := rawLink(addr, Instance, kind, "")
		is.NoErr(err)
		t.Cleanup(func() { c.Close() })
		return c
	}
	first := []net.Conn{unnamed(responses), unnamed(requests)} // in either order
	bound := v.peer(t)
	is.True(!bound.peer.Named())

	more := unnamed(requests)
	is.True(rawEnd(more) <= atOnce) // a second cannot be told from the first
	is.NoErr(eventually(atOnce, "an event", func() bool { return v.count(HandshakeFailed, ErrProtocol) == 1 }))

	first[0].Close()
	is.True(errors.Is(<-bound.end, ErrPeerGone))
	is.NoErr(eventually(atOnce, "room for another", func() bool { return isClosed(bound.peer.Done()) }))
	unnamed(requests)
	twice := unnamed(requests)
	is.True(rawEnd(twice) <= atOnce) // the same link again is no pair
	unnamed(responses)
	v.peer(t) // its twin is
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// TestUnnamedLinksOfTwoProcesses: without names only the kernel tells which links belong together.
func TestUnnamedLinksOfTwoProcesses(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	v, addr := newNode(App, false), ipcAddr(t)
	pids := make(chan int, 2)
	v.cfg.peerCred = func(uintptr) (cred, error) { return cred{uid: 1, pid: <-pids}, nil }
	v.listen(t, addr)
	pids <- 1
	one, err := rawLink(addr, Instance, requests, "")
	is.NoErr(err)
	defer one.Close()
	pids <- 2
	other, err := rawLink(addr, Instance, responses, "")
	is.NoErr(err)
	defer other.Close()
	is.True(rawEnd(other) <= atOnce) // refused
	is.Equal(len(v.peers), 0)        // no peer came of it
}

func TestPairsAreNotStolen(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	v, addr := newNode(App, false), ipcAddr(t)
	v.listen(t, addr)
	pair := newPair()
	a, err := rawLink(addr, Instance, requests, pair)
	is.NoErr(err)
	defer a.Close()
	b, err := rawLink(addr, Instance, requests, pair)
	is.NoErr(err)
	defer b.Close()
	is.True(rawEnd(b) <= atOnce) // a second link of the same kind is refused
	c, err := rawLink(addr, Instance, responses, pair)
	is.NoErr(err)
	defer c.Close()
	is.True(v.peer(t).peer.Named()) // the first has its twin
}

// TestNoPeerAfterClose: once Close has returned, Accept is not called any more.
func TestNoPeerAfterClose(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	for range 50 {
		v, addr := newNode(App, false), newInproc(t)
		l, err := Listen(addr, v.cfg)
		is.NoErr(err)
		pair := newPair()
		first, err := rawLink(addr, Instance, requests, pair)
		is.NoErr(err)
		second, err := rawLink(addr, Instance, responses, pair)
		is.NoErr(err)
		is.NoErr(l.Close())
		n := len(v.peers)
		first.Close()
		second.Close()
		if n == 1 {
			b := <-v.peers
			<-b.end
		}
		is.Equal(len(v.peers), 0) // it came before, or not at all
	}
}
