package transport

import (
	"errors"
	"fmt"
	"os"
	"time"
)

// What is written under one deadline of stallTimeout, in bytes. If that passes and some of it was taken, there is another:
// who takes nothing is cut after 10 s, or up to 20 s where it had just taken something. A TLS write that times out is final,
// so it is small.
const (
	writeSlice    = 256 << 10
	writeSliceTLS = 16 << 10
)

// loop is the link's goroutine.
func (w *writer) loop() {
	for {
		select {
		case <-w.wake:
			w.drain()
		case <-w.link.ctx.Done():
			w.end()
			return
		}
	}
}

// drain writes until nothing is queued, waiting for the peer where it must.
func (w *writer) drain() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.busy = w.next(); w.busy; w.busy = w.next() {
		first := w.line[0]
		w.mu.Unlock()
		if err := w.writeAll(first); err != nil {
			w.failed(writeError(err))
		}
		w.mu.Lock()
		w.leave()
	}
	w.giveRoom()
}

// failed ends the link. A PULL end, which writes nothing but PING and PONG, goes on reading what the
// peer had sent before it left; that has an end of its own.
func (w *writer) failed(err error) {
	if !w.link.fc.messages || !errors.Is(err, ErrPeerGone) {
		w.link.fail(err)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.deaf = true
}

// writeAll writes the rest of a batch in slices.
func (w *writer) writeAll(b batch) error {
	defer w.link.fc.Conn.SetWriteDeadline(time.Time{})
	slice := writeSlice
	if w.try == nil {
		slice = writeSliceTLS
	}
	for rest := b.buf[b.sent:]; len(rest) > 0; {
		w.link.fc.Conn.SetWriteDeadline(time.Now().Add(stallTimeout))
		n, err := w.link.fc.Conn.Write(rest[:min(len(rest), slice)])
		w.mu.Lock()
		w.wrote(n, b.messages > 0)
		w.mu.Unlock()
		if err != nil && (n == 0 || !errors.Is(err, os.ErrDeadlineExceeded)) {
			return err
		}
		rest = rest[n:]
	}
	return nil
}

func writeError(err error) error {
	switch {
	case isTimeout(err):
		return fmt.Errorf("%w in %v", ErrPeerStalled, stallTimeout)
	case gone(err) || isBrokenPipe(err):
		return ErrPeerGone
	}
	return fmt.Errorf("%w: %w", ErrPeerGone, err)
}
