package transport

import (
	"io"
	"net"
	"os"
	"sync"
	"time"
)

const pipeBuffer = 64 << 10 // bytes each way, as much as a socket would hold

// pipeConn is one end of an in-memory connection. Unlike net.Pipe it has buffers, without which two
// ends that both write first, as ZMTP does, would wait for each other; and it knows half-close.
type pipeConn struct{ in, out *stream }

func newPipe() (a, b *pipeConn) {
	x, y := newStream(), newStream()
	return &pipeConn{x, y}, &pipeConn{y, x}
}

func (p *pipeConn) Read(b []byte) (int, error)     { return p.in.read(b) }
func (p *pipeConn) Write(b []byte) (int, error)    { return p.out.write(b, true) }
func (p *pipeConn) TryWrite(b []byte) (int, error) { return p.out.write(b, false) }
func (p *pipeConn) CloseWrite() error              { p.out.closeWrite(); return nil }
func (p *pipeConn) LocalAddr() net.Addr            { return inprocAddr("") }
func (p *pipeConn) RemoteAddr() net.Addr           { return inprocAddr("") }

// Close ends both directions; what was written can still be read at the other end.
func (p *pipeConn) Close() error {
	p.out.closeWrite()
	p.in.closeRead()
	return nil
}

func (p *pipeConn) SetDeadline(t time.Time) error {
	p.SetReadDeadline(t)
	return p.SetWriteDeadline(t)
}

func (p *pipeConn) SetReadDeadline(t time.Time) error  { p.in.readBy.set(p.in, t); return nil }
func (p *pipeConn) SetWriteDeadline(t time.Time) error { p.out.writeBy.set(p.out, t); return nil }

// stream is one direction.
type stream struct {
	mu      sync.Mutex
	changed *sync.Cond
	buf     []byte
	noMore  bool // the writer closed
	gone    bool // the reader closed
	readBy  deadline
	writeBy deadline
}

func newStream() *stream {
	s := &stream{}
	s.changed = sync.NewCond(&s.mu)
	return s
}

func (s *stream) read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.buf) == 0 {
		switch {
		case s.gone:
			return 0, net.ErrClosed
		case s.noMore:
			return 0, io.EOF
		case s.readBy.passed:
			return 0, os.ErrDeadlineExceeded
		}
		s.changed.Wait()
	}
	n := copy(p, s.buf)
	s.buf = s.buf[:copy(s.buf, s.buf[n:])]
	s.changed.Broadcast()
	return n, nil
}

func (s *stream) write(p []byte, wait bool) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for n < len(p) {
		switch room := pipeBuffer - len(s.buf); {
		case s.noMore:
			return n, net.ErrClosed
		case s.gone:
			return n, io.ErrClosedPipe
		case room > 0:
			k := min(room, len(p)-n)
			s.buf = append(s.buf, p[n:n+k]...)
			n += k
			s.changed.Broadcast()
		case !wait:
			return n, nil
		case s.writeBy.passed:
			return n, os.ErrDeadlineExceeded
		default:
			s.changed.Wait()
		}
	}
	return n, nil
}

func (s *stream) closeWrite() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noMore = true
	s.writeBy.stop()
	s.changed.Broadcast()
}

func (s *stream) closeRead() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone, s.buf = true, nil
	s.readBy.stop()
	s.changed.Broadcast()
}

// deadline is a point in time after which one end of a stream waits no more.
type deadline struct {
	timer  *time.Timer
	passed bool
}

func (d *deadline) set(s *stream, t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d.stop()
	d.passed = false
	if t.IsZero() {
		return
	}
	var timer *time.Timer
	timer = time.AfterFunc(time.Until(t), func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if d.timer == timer {
			d.passed = true
			s.changed.Broadcast()
		}
	})
	d.timer = timer
}

func (d *deadline) stop() {
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
}
