package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// link is one connection after its handshake. Its reader goroutine, or one that leads (leading.go), delivers what arrives; its
// own goroutine (see linkwriter.go) writes what a sender could not.
type link struct {
	kind linkKind
	pair string // what the peer announced
	cred cred
	has  bool // cred is known

	inproc bool
	key    *secretKey // of the secret, by which the link was admitted; nil without one

	fc     *frameConn
	ctx    context.Context // ends when the link fails or is closed
	cancel context.CancelFunc
	done   chan struct{} // closed when all goroutines of the link have ended, but for those that are lent
	read   chan struct{} // closed when the reader has ended

	once sync.Once
	err  error // why the link ended; set before ctx ends

	w       writer
	h       heartbeat
	reading reading
	leading leading
	deliver func(Message) // nil at a PUSH end
	answers *writer       // of the same peer: writes what it has put off when all that has arrived is delivered; may be nil
}

func newLink(ctx context.Context, cancel context.CancelFunc, fc *frameConn, role endpointRole, peerPair string, cfg Config) *link {
	l := &link{
		kind: role.kind, pair: peerPair,
		fc: fc, ctx: ctx, cancel: cancel,
		done: make(chan struct{}), read: make(chan struct{}),
		inproc: role.scheme == schemeInproc,
	}
	if !role.binds {
		l.pair = role.pair
	}
	l.w.init(l, cfg)
	l.reading.link = l
	l.leading.link, l.leading.wake = l, make(chan struct{}, 1)
	return l
}

func (l *link) admittedBy(role endpointRole, s *security) {
	key := role.key
	if role.binds {
		key = s.key
	}
	if key < len(role.secret.keys) {
		l.key = role.secret.keys[key]
	}
}

// start runs the link. deliver is nil at a PUSH end.
func (l *link) start(cfg Config, deliver func(Message)) {
	l.deliver = deliver
	if deliver == nil {
		widen(l.fc.Conn)
	}
	l.fc.startTraffic(cfg.MaxFrame, deliver != nil, l.w.pong)
	l.h.start(l, cfg)
	go l.readLoop(l.reading.turn.Load())
	go func() {
		l.w.loop()
		<-l.read
		l.h.stop()
		close(l.done)
	}()
}

// discard closes a link that was never started.
func (l *link) discard(err error) {
	l.fail(err)
	l.h.stop()
	l.w.end() // a Receiver's Accept may have sent
	close(l.read)
	close(l.done)
}

// readLoop reads until the link ends, or another goroutine has its turn. It never waits for users: who does more than take
// a message over borrows this goroutine.
func (l *link) readLoop(turn uint64) {
	returned := false
	defer func() {
		l.writeAnswers() // whoever has the turn now does not know of them
		if !returned {   // a Receiver has ended this goroutine
			l.reading.quit(turn)
		}
	}()
	l.writeAnswers()
	for l.readOne() {
		if l.reading.turn.Load() != turn {
			returned = true
			return
		}
		l.leading.pause()
	}
	returned = true
	close(l.read)
}

// readOne reads a frame and delivers it if it is a message; false at the end of the link. Whoever was cut has nothing more
// to say, not even what is in the buffer.
func (l *link) readOne() bool {
	if l.ctx.Err() != nil {
		return false
	}
	if !l.fc.whole() {
		l.writeAnswers()
	}
	frame, err := l.fc.message()
	if err != nil {
		if held := l.fc.takeHeld(); held > 0 {
			budget.Release(held)
		}
		l.fail(readError(err))
		return false
	}
	if frame != nil {
		l.deliver(Message{Frame: frame, Follows: l.fc.whole(), Hold: Hold{l.fc.takeHeld()}})
	}
	return true
}

// writeAnswers writes what was put off until all that has arrived is delivered.
func (l *link) writeAnswers() {
	if l.answers != nil {
		l.answers.writeLater()
	}
}

func readError(err error) error {
	switch err = cause(err); {
	case reasonOf(err) != nil:
		return err
	case gone(err):
		return ErrPeerGone
	case isTimeout(err):
		return fmt.Errorf("%w: a frame took longer than %v", ErrTimeout, stallTimeout)
	}
	return fmt.Errorf("%w: %w", ErrPeerGone, err)
}

// fail ends the link at once. Only the first reason counts.
func (l *link) fail(err error) {
	l.once.Do(func() {
		l.err = err
		l.cancel()
		l.raw().Close()
	})
}

// raw is the connection below TLS, whose own Close would wait to say goodbye.
func (l *link) raw() net.Conn {
	if t, ok := l.fc.Conn.(*tls.Conn); ok {
		return t.NetConn()
	}
	return l.fc.Conn
}

// closeWrite tells the peer that nothing more comes, and leaves reading open. TLS says so in a record of its
// own, which would wait for a write that is stuck.
func (l *link) closeWrite() {
	if _, ok := l.fc.Conn.(*tls.Conn); ok && !l.w.idle() {
		l.fail(ErrClosed)
		return
	}
	c, ok := l.fc.Conn.(interface{ CloseWrite() error })
	if !ok || errors.Is(c.CloseWrite(), errors.ErrUnsupported) {
		l.fail(ErrClosed)
	}
}

// heartbeat sends PING after write silence, or after as much read silence, since a peer may do no more than
// answer; and it cuts the link after a longer read silence (RFC 37). Our own writer pings, so that a peer
// whose application is busy is not taken for dead.
type heartbeat struct {
	link           *link
	interval, dead time.Duration
	plain          atomic.Bool // bytes accepted by a write are life signs too
	lastWrite      atomic.Int64
	lastMessage    atomic.Int64 // write of message bytes, never of a PING

	mu       sync.Mutex
	timer    *time.Timer
	due      int64
	lastPing int64
	stopped  bool
}

func (h *heartbeat) start(l *link, cfg Config) {
	h.link, h.interval, h.dead = l, cfg.Heartbeat, cfg.Dead
	now := ticks()
	h.lastWrite.Store(now)
	l.fc.lastRead.Store(now)
	if h.interval < 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.due, h.lastPing = now+int64(h.interval), now
	h.timer = time.AfterFunc(h.interval, h.beat)
}

func (h *heartbeat) stop() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stopped = true
	if h.timer != nil {
		h.timer.Stop()
	}
}

func (h *heartbeat) beat() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stopped {
		return
	}
	now := ticks()
	if now-h.due > int64(h.interval) { // this process slept: what came meanwhile is not read yet
		h.link.fc.lastRead.Store(now)
	}
	pausing := h.link.fc.pausing.Load() // before lastRead, which is renewed before the pause ends
	lastRead := h.link.fc.lastRead.Load()
	if pausing {
		lastRead = now
	}
	if h.plain.Load() {
		lastRead = max(lastRead, h.lastMessage.Load())
	}
	if now-lastRead >= int64(h.dead) {
		h.link.fail(fmt.Errorf("%w (%v)", ErrPeerSilent, h.dead))
		return
	}
	wrote, heard := h.lastWrite.Load(), max(lastRead, h.lastPing)
	if now-wrote >= int64(h.interval) || now-heard >= int64(h.interval) {
		h.link.w.ping()
		h.lastPing, wrote, heard = now, now, now
	}
	h.due = max(min(min(wrote, heard)+int64(h.interval), lastRead+int64(h.dead)), now+int64(h.interval)/8)
	h.timer.Reset(time.Duration(h.due - now))
}
