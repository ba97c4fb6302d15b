package transporttest

import (
	"errors"
	"testing"

	"quartet/transport"

	"github.com/matryer/is"
)

// A suite that sees nothing proves nothing: the Receiver must notice what it is there to notice.
func TestPeerNoticesViolations(t *testing.T) {
	t.Parallel()
	t.Run("a message after the end", func(t *testing.T) {
		is := is.New(t)
		p := newPeer(nil)
		p.Closed(nil)
		p.Receive(transport.Message{})
		is.Equal(len(p.violations()), 1) // noticed
	})
	t.Run("two ends", func(t *testing.T) {
		is := is.New(t)
		p := newPeer(nil)
		p.Closed(nil)
		p.Closed(nil)
		is.True(len(p.violations()) > 0) // noticed
	})
	t.Run("two calls at the same time", func(t *testing.T) {
		is := is.New(t)
		p := newPeer(nil)
		p.gate = newGate()
		first := make(chan struct{})
		go func() {
			defer close(first)
			p.Receive(transport.Message{})
		}()
		is.NoErr(eventually("the first call", func() bool {
			p.mu.Lock()
			defer p.mu.Unlock()
			return p.inside
		}))
		p.Closed(nil)
		p.gate.open()
		<-first
		is.True(len(p.violations()) > 0) // noticed
	})
	t.Run("a good life", func(t *testing.T) {
		is := is.New(t)
		p := newPeer(nil)
		p.Receive(transport.Message{Frame: []byte("word")})
		p.Closed(errors.New("over"))
		is.Equal(p.nextText(), "word")   // kept
		is.Equal(len(p.violations()), 0) // nothing to notice
	})
}
