package transporttest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"quartet/transport"
)

// patience bounds every wait for something that must happen.
const patience = 20 * time.Second

// peer is a transport.Peer with a Receiver that keeps what arrives and notes what must never happen.
type peer struct {
	*transport.Peer

	// A case may set these before the peer starts.
	hold    bool  // messages keep their share of the budget until the case gives it back
	gate    *gate // not nil: Receive waits at it, which no real Receiver may
	refused bool  // Accept takes no interest

	mu      sync.Mutex
	changed chan struct{} // closed at every change
	got     []transport.Message
	taken   int
	closed  int
	cause   error
	inside  bool
	wrong   []error
}

// gate stops a Receiver until it is opened, or lets one message pass.
type gate struct {
	pass chan struct{}
	once sync.Once
}

func newGate() *gate { return &gate{pass: make(chan struct{})} }

func (g *gate) open() { g.once.Do(func() { close(g.pass) }) }

func newPeer(p *transport.Peer) *peer { return &peer{Peer: p, changed: make(chan struct{})} }

// Receive implements transport.Receiver.
func (p *peer) Receive(m transport.Message) {
	p.enter("Receive")
	if p.gate != nil {
		<-p.gate.pass
	}
	if !p.hold {
		m.Release()
	}
	p.leave(func() { p.got = append(p.got, m) })
}

// Closed implements transport.Receiver.
func (p *peer) Closed(cause error) {
	p.enter("Closed")
	p.leave(func() { p.closed, p.cause = p.closed+1, cause })
}

func (p *peer) enter(call string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.inside {
		p.wrong = append(p.wrong, fmt.Errorf("%s was called during another call", call))
	}
	if p.closed > 0 {
		p.wrong = append(p.wrong, fmt.Errorf("%s was called after Closed", call))
	}
	p.inside = true
}

func (p *peer) leave(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
	p.inside = false
	close(p.changed)
	p.changed = make(chan struct{})
}

// await waits until cond, called under the lock, is true.
func (p *peer) await(what string, cond func() bool) error {
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for {
		p.mu.Lock()
		ok, changed, n, cause := cond(), p.changed, len(p.got), p.cause
		p.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-limit.C:
			return fmt.Errorf("no %s within %v; %d messages came, closed by %v", what, patience, n, cause)
		}
	}
}

// next waits for the next message.
func (p *peer) next() (transport.Message, error) {
	if err := p.await("message", func() bool { return len(p.got) > p.taken || p.closed > 0 }); err != nil {
		return transport.Message{}, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.got) == p.taken {
		return transport.Message{}, fmt.Errorf("closed before the message: %w", p.cause)
	}
	m := p.got[p.taken]
	p.got[p.taken].Frame = nil
	p.taken++
	return m, nil
}

// nextText is next for messages that are words.
func (p *peer) nextText() string {
	m, err := p.next()
	if err != nil {
		return err.Error()
	}
	return string(m.Frame)
}

func (p *peer) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.got)
}

// end waits for Closed and gives its cause.
func (p *peer) end() error {
	if err := p.await("end", func() bool { return p.closed > 0 }); err != nil {
		return err
	}
	select {
	case <-p.Done():
	case <-time.After(patience):
		return errors.New("Closed was called, but Done stays open")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cause
}

func (p *peer) violations() []error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed > 1 {
		return append(p.wrong, fmt.Errorf("Closed was called %d times", p.closed))
	}
	return slices.Clone(p.wrong)
}
