package transport

import (
	"net"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/matryer/is"
)

// spoiler spoils the HELLO of so many connections.
type spoiler struct{ left atomic.Int64 }

func (s *spoiler) wrap(c net.Conn) net.Conn {
	if s.left.Add(-1) < 0 {
		return c
	}
	return &spoilt{Conn: c}
}

type spoilt struct {
	net.Conn
	at int
}

func (s *spoilt) Write(p []byte) (int, error) {
	const inHello = greetingSize + 150 // in its box, which only the server's key opens
	if i := inHello - s.at; i >= 0 && i < len(p) {
		p = slices.Clone(p)
		p[i] ^= 1
	}
	n, err := s.Conn.Write(p)
	s.at += n
	return n, err
}

// TestRefusalAfterSuccessIsDoubted: a wrong bit on the way looks like a wrong secret. A dialler whose secret was
// accepted before soon tries again; but when it is told again and again, it believes it.
func TestRefusalAfterSuccessIsDoubted(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	spoil := &spoiler{}
	binder, dialler := newNode(App, false), newNode(Instance, false)
	dialler.cfg.Wrap = spoil.wrap
	l := binder.listen(t, wireAddr(t, schemeTCP, "127.0.0.1"))
	dialler.dial(t, l.Addr())
	waits := func() (all []time.Duration) {
		for _, e := range dialler.seen() {
			if e.Type == Retrying {
				all = append(all, e.Next)
			}
		}
		return all
	}
	for range 2 { // a success makes up for what was before
		first := dialler.peer(t)
		spoil.left.Store(refusalsDoubted)
		first.peer.Abort(nil)
	}
	last := dialler.peer(t)
	is.Equal(dialler.count(HandshakeFailed, ErrRefused), 2*refusalsDoubted) // each was one
	is.True(slices.Max(waits()) <= redialMax)                               // and taken for an accident

	spoil.left.Store(1000)
	last.peer.Abort(nil)
	is.NoErr(eventually(patience, "it is believed", func() bool { return slices.Max(waits()) == redialRefused }))
	is.Equal(dialler.count(HandshakeFailed, ErrRefused), 3*refusalsDoubted+1)
}
