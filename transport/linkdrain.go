package transport

import (
	"errors"
	"fmt"
	"os"
	"time"
)

// What is written under one deadline, in bytes. Who has taken nothing at so many deadlines in a row, which make
// stallTimeout, is cut: 10 to 15 s after it took something, since a unix socket takes a little more when its writer looks again. A
// TLS write that times out is final, so it is small and has one deadline.
const (
	writeSlice    = 256 << 10
	writeSliceTLS = 16 << 10
	writeLooks    = 4
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
	slice, looks := writeSlice, writeLooks
	if w.try == nil {
		slice, looks = writeSliceTLS, 1
	}
	idle := 0 // deadlines in a row at which nothing was taken
	for rest := b.buf[b.sent:]; len(rest) > 0; {
		w.link.fc.Conn.SetWriteDeadline(time.Now().Add(stallTimeout / time.Duration(looks)))
		n, err := w.link.fc.Conn.Write(rest[:min(len(rest), slice)])
		w.mu.Lock()
		w.wrote(n, b.messages > 0)
		w.mu.Unlock()
		if idle++; n > 0 {
			idle = 0
		}
		if err != nil && (idle == looks || !errors.Is(err, os.ErrDeadlineExceeded)) {
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
