package transport

import (
	"errors"
	"fmt"
	"os"
	"time"
)

// What must make progress within stallTimeout, in bytes. A TLS write that times out is final, so it is small.
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
			w.mu.Lock()
			w.giveBack()
			w.giveRoom()
			w.mu.Unlock()
			return
		}
	}
}

// drain writes until nothing is queued, waiting for the peer where it must.
func (w *writer) drain() {
	var spare []byte
	for {
		w.mu.Lock()
		w.appendCommands()
		chunk := w.link.fc.out
		if len(chunk) == 0 || w.link.ctx.Err() != nil {
			w.busy, w.chunk, w.chunkN = false, 0, 0
			w.link.fc.out = reuse(chunk)
			w.giveBack()
			w.giveRoom()
			w.mu.Unlock()
			return
		}
		if spare == nil { // what comes meanwhile may be about as much
			spare = make([]byte, 0, min(len(chunk), bufferAfter))
		}
		w.link.fc.out, w.busy = spare, true
		w.chunk, w.chunkN, w.queued = len(chunk), w.queued, 0
		w.mu.Unlock()
		if err := w.writeAll(chunk); err != nil {
			w.failed(writeError(err))
			continue // to leave by the one exit
		}
		w.mu.Lock()
		w.chunk, w.chunkN = 0, 0
		spare = reuse(chunk)
		w.giveBack()
		w.giveRoom()
		w.mu.Unlock()
	}
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

// writeAll writes a chunk in slices, each of which has stallTimeout.
func (w *writer) writeAll(chunk []byte) error {
	defer w.link.fc.Conn.SetWriteDeadline(time.Time{})
	slice := writeSlice
	if w.try == nil {
		slice = writeSliceTLS
	}
	for len(chunk) > 0 {
		w.link.fc.Conn.SetWriteDeadline(time.Now().Add(stallTimeout))
		n, err := w.link.fc.Conn.Write(chunk[:min(len(chunk), slice)])
		w.mu.Lock()
		w.wrote(n, w.chunkN > 0)
		w.mu.Unlock()
		if err != nil && (n == 0 || !errors.Is(err, os.ErrDeadlineExceeded)) {
			return err
		}
		chunk = chunk[n:]
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
