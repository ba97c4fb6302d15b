package transport

import (
	"encoding/binary"
	"math"
	"time"
)

// pong is called by the reader for a PING. One PONG is due at a time: of a flood, the last counts.
func (w *writer) pong(echo []byte) {
	w.mu.Lock()
	w.pongDue, w.pongLen = true, copy(w.pongEcho[:], echo)
	w.mu.Unlock()
	w.signal()
}

func (w *writer) ping() {
	w.mu.Lock()
	w.pingDue = true
	w.mu.Unlock()
	w.signal()
}

// appendCommands puts what is due into the buffer, between two messages. The lock is held.
func (w *writer) appendCommands() {
	if w.deaf {
		w.link.fc.out = w.link.fc.out[:0]
		return
	}
	if w.pongDue {
		w.command(append([]byte("\x04PONG"), w.pongEcho[:w.pongLen]...))
	}
	if w.pingDue {
		w.command(binary.BigEndian.AppendUint16([]byte("\x04PING"), ttl(w.link.h.dead)))
	}
	w.pongDue, w.pingDue = false, false
}

// ttl is a time as PING has it: in tenths of a second, at least one and as many as there can be.
func ttl(d time.Duration) uint16 {
	return uint16(min(max(d/(100*time.Millisecond), 1), math.MaxUint16))
}

func (w *writer) command(body []byte) {
	fc := w.link.fc
	w.makeRoom(len(body))
	before := len(fc.out)
	if fc.box != nil {
		fc.out = fc.box.seal(fc.out, boxCommand, body)
	} else {
		fc.out = append(appendFrameHeader(fc.out, flagCommand, len(body)), body...)
	}
	w.appended += int64(len(fc.out) - before)
}
