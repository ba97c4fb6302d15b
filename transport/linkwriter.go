package transport

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
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
	gathering bool    // a sender waits for others before it writes
	relied    bool    // a message is left to a sender that waits for the lock
	queued    int     // messages in fc.out, the buffer that senders append to
	line      []batch // buffers to be written before fc.out, by the goroutine; it is at the first
	ahead     int     // bytes in them
	aheadN    int     // messages in them (an upper bound)
	reserved  int64   // of the send budget
	appended  int64   // bytes ever taken
	written   int64   // bytes ever given to the kernel
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

// send queues one message and sees to it that it gets written, when at says. mark is the position of its first byte in the
// link's stream.
func (w *writer) send(parts [][]byte, at sendTime) (mark int64, err error) {
	size := sizeOf(parts)
	w.waiting.Add(1)
	w.mu.Lock()
	defer w.mu.Unlock()
	last := w.waiting.Add(-1) == 0
	if w.link.ctx.Err() != nil {
		return 0, w.ended()
	}
	if err = w.fits(size); err == nil {
		mark = w.appended
		w.encode(parts, size)
	}
	w.write(at, last) // even if it did not fit: others may rely on this sender
	return mark, err
}

// fits says why a message cannot be queued. The lock is held.
func (w *writer) fits(size int) error {
	switch {
	case size == 0 || size > w.maxFrame:
		return fmt.Errorf("%w: %d bytes, the limit is %d", ErrFrameSize, size, w.maxFrame)
	case w.full(size):
		return ErrQueueFull
	}
	return nil
}

// write sees to it that what is queued gets written: by this sender, unless somebody else is bound to. last says that no
// other sender waits for the lock. The lock is held.
func (w *writer) write(at sendTime, last bool) {
	switch {
	case len(w.link.fc.out) >= bufferAfter:
		w.writeOnce()
	case w.gathering || w.busy: // whoever gathers or drains writes this, too
	case at == sendLater && w.queued < laterMost && !w.relied:
		w.putOff.Store(true)
	case at == sendAfterOthers && w.pace.fast:
		w.gather()
	case !last: // the last one does
		w.relied = true
	case w.pace.joinsStream(w.link.h.lastWrite.Load()): // it counts: only messages that nothing else has decided come here
		w.handOver()
	default:
		w.writeOnce()
	}
}

// handOver leaves the writing to the goroutine until all is written. The lock is held.
func (w *writer) handOver() {
	w.busy, w.relied = true, false
	w.signal()
}

// writeLater writes what was to be written later.
func (w *writer) writeLater() {
	if !w.putOff.Load() {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writePutOff()
}

// writePutOff does the work of writeLater. The lock is held.
func (w *writer) writePutOff() {
	if w.putOff.Load() && !w.gathering {
		w.putOff.Store(false)
		w.writeOnce()
	}
}

// gather writes when the goroutines that can run now have had their turn. The lock is held, but for that.
func (w *writer) gather() {
	w.gathering = true
	w.mu.Unlock()
	runtime.Gosched()
	w.mu.Lock()
	w.gathering = false
	w.writeOnce()
	if !w.busy {
		w.giveRoom()
	}
}

func (w *writer) ended() error {
	if err := w.link.err; err != nil {
		return err
	}
	return ErrClosed
}

// encode appends a message to the buffer.
func (w *writer) encode(parts [][]byte, size int) {
	fc := w.link.fc
	w.makeRoom(size)
	before := len(fc.out)
	if fc.box != nil {
		fc.out = fc.box.seal(fc.out, 0, parts...)
	} else {
		fc.out = appendAll(appendFrameHeader(fc.out, 0, size), parts)
	}
	w.queued++
	w.appended += int64(len(fc.out) - before)
}

// writeOnce makes one write that does not wait. The lock is held.
func (w *writer) writeOnce() {
	w.relied = false
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
	w.lineUp(n)
	w.handOver()
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

// idle says that all that was queued was given to the kernel.
func (w *writer) idle() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.busy && len(w.link.fc.out) == 0
}
