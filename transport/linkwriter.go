package transport

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// What must make progress within stallTimeout, in bytes. A TLS write that times out is final, so it is small.
const (
	writeSlice    = 256 << 10
	writeSliceTLS = 16 << 10
)

// tryWriter is a connection that can write without waiting.
type tryWriter interface {
	// TryWrite writes what is taken at once; 0, nil when that is nothing.
	TryWrite(p []byte) (int, error)
}

// writer is the sending half of a link. A sender that finds it idle encodes into the buffer and makes
// one write that does not wait; what the kernel refuses belongs to the link's goroutine. Senders that
// wait for the lock while another encodes share one write.
type writer struct {
	link    *link
	try     tryWriter // nil: all writes belong to the goroutine
	waiting atomic.Int32
	putOff  atomic.Bool   // something is to be written later
	wake    chan struct{} // one slot

	maxFrame, maxMessages, maxBytes int

	mu        sync.Mutex
	busy      bool // the goroutine has the writing
	pace      writePace
	gathering bool  // a sender waits for others before it writes
	queued    int   // messages in the buffer (an upper bound while it drains)
	chunk     int   // bytes the goroutine is writing, until it has written them all
	reserved  int64 // of the send budget
	chunkN    int   // messages among them
	appended  int64 // bytes ever taken
	written   int64 // bytes ever given to the kernel
	pongDue   bool
	pongEcho  [maxPongEcho]byte
	pongLen   int
	pingDue   bool
	deaf      bool          // the peer takes nothing more: PING and PONG are dropped
	room      chan struct{} // closed when the queue has room again; nil while nobody waits
}

func (w *writer) init(l *link, cfg Config) {
	w.link = l
	w.wake = make(chan struct{}, 1)
	w.try = newTryWriter(l.fc.Conn)
	w.maxFrame, w.maxMessages, w.maxBytes = cfg.MaxFrame, cfg.QueueMessages, cfg.QueueBytes
}

// sendTime says when a message that was queued is written.
type sendTime uint8

const (
	sendNow         sendTime = iota
	sendAfterOthers          // when the goroutines that can run now have had their turn
	sendLater                // when writeLater is called, or some have gathered
)

// laterMost is how many messages may wait for writeLater: the peer can begin with some while others are made.
const laterMost = 16

// send queues one message and, where nothing is in the way, gives it to the kernel. mark is the
// position of its first byte in the link's stream. Among others that are sent at about the same time the first
// lets all goroutines that can run have their turn, and then writes what they have sent, too.
func (w *writer) send(frame []byte, at sendTime) (mark int64, err error) {
	w.waiting.Add(1)
	w.mu.Lock()
	defer w.mu.Unlock()
	last := w.waiting.Add(-1) == 0
	switch {
	case w.link.ctx.Err() != nil:
		return 0, w.ended()
	case len(frame) == 0 || len(frame) > w.maxFrame:
		err = fmt.Errorf("%w: %d bytes, the limit is %d", ErrFrameSize, len(frame), w.maxFrame)
	case w.full(len(frame)):
		err = ErrQueueFull
	default:
		mark = w.appended
		w.encode(frame)
	}
	switch {
	case len(w.link.fc.out) >= bufferAfter:
		w.flush()
	case w.gathering || w.busy: // whoever gathers or drains writes this, too
	case at == sendLater && w.queued < laterMost:
		w.putOff.Store(true)
	case at == sendAfterOthers && w.pace.fast:
		w.gather()
	case w.pace.streams(w.link.h.lastWrite.Load(), ticks()):
		w.handOver()
	case last:
		w.flush()
	}
	return mark, err
}

// handOver leaves the writing to the goroutine until all is written. The lock is held.
func (w *writer) handOver() {
	w.busy = true
	w.signal()
}

// writeLater writes what was to be written later.
func (w *writer) writeLater() {
	if !w.putOff.Load() {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.flushPutOff()
}

// flushPutOff does the work of writeLater. The lock is held.
func (w *writer) flushPutOff() {
	if w.putOff.Load() && !w.gathering {
		w.putOff.Store(false)
		w.flush()
	}
}

// gather writes when the goroutines that can run now have had their turn. The lock is held, but for that.
func (w *writer) gather() {
	w.gathering = true
	w.mu.Unlock()
	runtime.Gosched()
	w.mu.Lock()
	w.gathering = false
	w.flush()
	if !w.busy {
		w.giveRoom()
	}
}

// A link is fast with so many messages in so long. Only then others are waited for: whoever has to do with a slow one
// may have the processors busy with something else.
const (
	fastMessages = 8
	fastSpan     = time.Millisecond
)

// A stream is so many messages of which each comes so soon after the write of the one before that no answer can have
// been waited for: it is written by the goroutine, many messages at a time.
const (
	streamMessages = 16
	streamGap      = time.Microsecond
)

// writePace tells whether a link is fast, and whether a stream is sent on it.
type writePace struct {
	from   int64 // ticks
	n      int
	fast   bool
	streak int
}

// streams notes that a message is to be written, some time after the last one.
func (p *writePace) streams(last, now int64) bool {
	p.streak++
	if now-last > int64(streamGap) {
		p.streak = 0
	}
	return p.streak >= streamMessages
}

func (p *writePace) wrote(messages int, now int64) {
	p.n += messages
	if span := now - p.from; span >= int64(fastSpan) {
		p.fast = int64(p.n)*int64(fastSpan) >= fastMessages*span
		p.from, p.n = now, 0
	}
}

func (w *writer) ended() error {
	if err := w.link.err; err != nil {
		return err
	}
	return ErrClosed
}

func (w *writer) full(size int) bool {
	bytes := len(w.link.fc.out) + w.chunk
	if w.queued+w.chunkN >= w.maxMessages || bytes > 0 && bytes+size > w.maxBytes {
		return true
	}
	more := int64(bytes+size-sendFree) - w.reserved
	if more <= 0 {
		return false
	}
	if !sendBudget.TryAcquire(more) {
		return bytes > 0 // a single message always may
	}
	w.reserved += more
	return false
}

// giveBack returns what of the send budget is not needed any more. The lock is held.
func (w *writer) giveBack() {
	need := max(int64(len(w.link.fc.out)+w.chunk-sendFree), 0)
	if w.link.ctx.Err() != nil {
		need = 0
	}
	if w.reserved > need {
		sendBudget.Release(w.reserved - need)
		w.reserved = need
	}
}

// encode appends a message to the buffer.
func (w *writer) encode(frame []byte) {
	fc := w.link.fc
	before := len(fc.out)
	if fc.box != nil {
		fc.out = fc.box.seal(fc.out, 0, frame)
	} else {
		fc.out = append(appendFrameHeader(fc.out, 0, len(frame)), frame...)
	}
	w.queued++
	w.appended += int64(len(fc.out) - before)
}

// flush makes one write that does not wait. The lock is held.
func (w *writer) flush() {
	out := w.link.fc.out
	if w.busy || len(out) == 0 {
		return
	}
	n := 0
	if w.try != nil {
		var err error
		n, err = w.try.TryWrite(out)
		w.wrote(n, true)
		if err != nil {
			w.link.fail(writeError(err))
			return
		}
	}
	w.pace.wrote(w.queued, w.link.h.lastWrite.Load())
	if n == len(out) {
		w.link.fc.out, w.queued = reuse(out), 0
		w.giveBack()
		return
	}
	w.link.fc.out = out[:copy(out, out[n:])]
	w.handOver()
}

// reuse keeps small buffers and lets large ones go.
func reuse(b []byte) []byte { return reuseTo(b, bufferAfter*2) }

func reuseTo(b []byte, most int) []byte {
	if cap(b) > most {
		return nil
	}
	return b[:0]
}

func (w *writer) wrote(n int, messages bool) {
	if n == 0 {
		return
	}
	w.written += int64(n)
	now := ticks()
	w.link.h.lastWrite.Store(now)
	if messages {
		w.link.h.lastMessage.Store(now)
	}
}

func (w *writer) signal() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

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
		spare = reuseTo(chunk, bufferAfter*4)
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

// waitRoom returns a channel that is closed when the queue has less in it, or the link has ended.
func (w *writer) waitRoom() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.flushPutOff()
	if !w.busy && !w.gathering || w.link.ctx.Err() != nil {
		now := make(chan struct{})
		close(now)
		return now
	}
	if w.room == nil {
		w.room = make(chan struct{})
	}
	return w.room
}

func (w *writer) giveRoom() {
	if w.room != nil {
		close(w.room)
		w.room = nil
	}
}

// idle says that all that was queued was given to the kernel.
func (w *writer) idle() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.busy && len(w.link.fc.out) == 0
}

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
		ttl := binary.BigEndian.AppendUint16([]byte("\x04PING"), uint16(w.link.h.dead/(100*time.Millisecond)))
		w.command(ttl)
	}
	w.pongDue, w.pingDue = false, false
}

func (w *writer) command(body []byte) {
	fc := w.link.fc
	before := len(fc.out)
	if fc.box != nil {
		fc.out = fc.box.seal(fc.out, boxCommand, body)
	} else {
		fc.out = append(appendFrameHeader(fc.out, flagCommand, len(body)), body...)
	}
	w.appended += int64(len(fc.out) - before)
}
