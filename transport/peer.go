package transport

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"quartet/internal/headroom"
)

// Peer is one process at the other end of an address: a link to send on and a link to receive from.
// When one of them ends the other is read to its end (500 ms at most), both are closed, and the
// Receiver is told. A Peer is safe for concurrent use.
type Peer struct {
	name     string
	endpoint string
	out, in  *link
	events   *events

	closing   chan struct{}
	closeOnce sync.Once
	retired   chan struct{}
	retire    sync.Once
	done      chan struct{}
	err       error // set before done is closed
}

func newPeer(a, b *link, endpoint string, side Side, ev *events) *Peer {
	p := &Peer{
		endpoint: endpoint, out: a, in: b, events: ev,
		closing: make(chan struct{}), retired: make(chan struct{}), done: make(chan struct{}),
	}
	if !side.pushes(a.kind) {
		p.out, p.in = b, a
	}
	p.name = "unnamed"
	if a.pair != "" {
		p.name = a.pair[:8]
	}
	if a.has {
		p.name += " " + a.cred.String()
	}
	return p
}

// start asks for a Receiver, in the caller's goroutine, so that no peer appears after Close has returned.
func (p *Peer) start(cfg Config) {
	recv := cfg.Accept(p)
	if recv == nil {
		p.out.discard(ErrClosed)
		p.in.discard(ErrClosed)
		p.err = ErrClosed
		close(p.done)
		return
	}
	go p.run(cfg, recv)
}

// run watches over the peer until its end.
func (p *Peer) run(cfg Config, recv Receiver) {
	headroom.Enter()
	defer headroom.Leave()
	p.events.emit(Event{Type: Connected, Endpoint: p.endpoint, Peer: p.name})
	p.in.answers = &p.out.w
	p.out.start(cfg, nil)
	p.in.start(cfg, recv.Receive)
	select {
	case <-p.closing:
		p.flush()
		p.err = ErrClosed
		p.out.closeWrite()
		p.in.closeWrite()
	case <-p.out.ctx.Done():
		p.err = p.out.err
		p.in.closeWrite()
	case <-p.in.ctx.Done():
		p.err = p.in.err
		p.out.closeWrite()
	}
	p.readToEnd()
	select {
	case <-p.retired:
		if errors.Is(p.err, ErrPeerGone) {
			p.err = ErrLeft
		}
	default:
	}
	p.out.fail(ErrClosed)
	p.in.fail(ErrClosed)
	<-p.out.done
	<-p.in.done
	p.events.emit(Event{Type: Disconnected, Endpoint: p.endpoint, Peer: p.name, Err: p.err})
	recv.Closed(p.err)
	close(p.done)
}

// readToEnd gives both links a little time to say what they still have.
func (p *Peer) readToEnd() {
	limit := time.NewTimer(drainTimeout)
	defer limit.Stop()
	for _, l := range []*link{p.in, p.out} {
		select {
		case <-l.read:
		case <-limit.C:
			return
		}
	}
}

// flush waits until what is queued has been given to the kernel.
func (p *Peer) flush() {
	limit := time.NewTimer(flushTimeout)
	defer limit.Stop()
	for !p.out.w.idle() {
		select {
		case <-p.out.w.waitRoom():
		case <-p.out.ctx.Done():
			return
		case <-limit.C:
			return
		}
	}
}

// Send queues one message, whose parts follow each other; it does not wait. They are copied. mark is for Unwritten. Errors:
// ErrQueueFull, or why the peer is gone; in both cases nothing of the message was sent.
func (p *Peer) Send(parts ...[]byte) (mark int64, err error) { return p.out.w.send(parts, sendNow) }

// SendAmong is Send for one of several messages that are sent at about the same time: where the link is fast it may lie
// in the queue until the goroutines that can run now have had their turn, so that one write does for all.
func (p *Peer) SendAmong(parts ...[]byte) (mark int64, err error) {
	return p.out.w.send(parts, sendAfterOthers)
}

// SendLater is Send for a Receiver that has borrowed the goroutine which delivers: the message may lie in the queue until all
// that has arrived is delivered, or others have gathered there.
func (p *Peer) SendLater(parts ...[]byte) (mark int64, err error) {
	return p.out.w.send(parts, sendLater)
}

// SendWithin is Send, but waits for room in the queue for at most d.
func (p *Peer) SendWithin(d time.Duration, parts ...[]byte) error {
	_, err := p.Send(parts...)
	if !errors.Is(err, ErrQueueFull) {
		return err
	}
	limit := time.NewTimer(d)
	defer limit.Stop()
	for {
		select {
		case <-p.out.w.waitRoom():
		case <-limit.C:
			return ErrQueueFull
		}
		if _, err := p.Send(parts...); !errors.Is(err, ErrQueueFull) {
			return err
		}
	}
}

// Unwritten says that not one byte of the message with this mark was given to the kernel. It means
// something once the peer is closed.
func (p *Peer) Unwritten(mark int64) bool {
	p.out.w.mu.Lock()
	defer p.out.w.mu.Unlock()
	return mark >= p.out.w.written
}

// Close sends what is queued, tells the other side and closes both links. It returns at once; see Done.
func (p *Peer) Close() { p.closeOnce.Do(func() { close(p.closing) }) }

// Abort cuts both links now. err says why; nil is ErrClosed.
func (p *Peer) Abort(err error) {
	if err == nil {
		err = ErrClosed
	}
	p.out.fail(err)
	p.in.fail(err)
}

// Retire says that this peer takes no more work and may leave, with ErrLeft. A Dialer dials anew beside it.
func (p *Peer) Retire() { p.retire.Do(func() { close(p.retired) }) }

// Done is closed when both links are closed and the Receiver was told.
func (p *Peer) Done() <-chan struct{} { return p.done }

// SetPlain says that the other side is no Quartet peer: messages that a write accepts count as signs of
// its life, since a plain PULL whose application is busy does not answer PING.
func (p *Peer) SetPlain(plain bool) { p.out.h.plain.Store(plain) }

// AdmittedBy says whether a secret still holds the key by which this peer was admitted. A peer that it does
// not hold any more is to be let go once it has its last answer.
func (p *Peer) AdmittedBy(s Secret) bool {
	if p.out.inproc || s.IsZero() {
		return true
	}
	return s.holds(p.out.key) && s.holds(p.in.key)
}

// Named says whether the other side announced a pair.
func (p *Peer) Named() bool { return p.out.pair != "" }

// String names the peer for people.
func (p *Peer) String() string { return fmt.Sprintf("%s at %s", p.name, p.endpoint) }
