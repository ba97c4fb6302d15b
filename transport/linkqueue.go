package transport

import "slices"

// batch is a buffer that waits for the goroutine, or is being written by it.
type batch struct {
	buf      []byte // whole messages
	sent     int    // bytes of them that were written already
	messages int    // an upper bound where some are
}

// full says that a message of some size has no room, or takes what it needs of the send budget. The lock is held.
func (w *writer) full(size int) bool {
	bytes := len(w.link.fc.out) + w.ahead
	if w.queued+w.aheadN >= w.maxMessages || bytes > 0 && bytes+size > w.maxBytes {
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

// makeRoom sees to it that a message fits into the buffer. While the goroutine writes, one that is full joins the line as
// it is, so that nothing is copied and what is written is free again little by little. The lock is held.
func (w *writer) makeRoom(size int) {
	fc := w.link.fc
	size += frameOverhead
	if w.busy && len(fc.out) >= bufferAfter && len(fc.out)+size > cap(fc.out) {
		w.lineUp(0)
	}
	fc.out = withRoom(fc.out, size)
}

// lineUp leaves the buffer, of which some bytes were sent, to the goroutine. The lock is held.
func (w *writer) lineUp(sent int) {
	out := w.link.fc.out
	w.line = append(w.line, batch{out, sent, w.queued})
	w.ahead, w.aheadN = w.ahead+len(out), w.aheadN+w.queued
	w.link.fc.out, w.queued = withRoom(nil, min(len(out), bufferAfter)), 0 // what comes meanwhile may be about as much
}

// next says whether there is something for the goroutine to write: the first of the line. The lock is held.
func (w *writer) next() bool {
	w.appendCommands()
	if len(w.line) == 0 && len(w.link.fc.out) > 0 {
		w.lineUp(0)
	}
	return len(w.line) > 0 && w.link.ctx.Err() == nil
}

// leave takes the first of the line out of it, and keeps its buffer where that is better than the one at hand. The lock
// is held.
func (w *writer) leave() {
	first := w.line[0]
	w.line = slices.Delete(w.line, 0, 1)
	w.ahead, w.aheadN = w.ahead-len(first.buf), w.aheadN-first.messages
	spare, out := first.buf, w.link.fc.out
	if len(out) == 0 && cap(out) < cap(spare) && cap(spare) <= keptBuffer {
		w.link.fc.out, spare = spare[:0], out
	}
	giveBuffer(spare)
	w.giveBack()
	w.giveRoom()
}

// giveBack returns what of the send budget is not needed any more. The lock is held.
func (w *writer) giveBack() {
	need := max(int64(len(w.link.fc.out)+w.ahead-sendFree), 0)
	if w.reserved > need {
		sendBudget.Release(w.reserved - need)
		w.reserved = need
	}
}

// waitRoom returns a channel that is closed when some of the queue was written, or the link has ended; at once if nobody
// is writing.
func (w *writer) waitRoom() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writePutOff()
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

// end drops what is queued when the link has ended, and the goroutine with it.
func (w *writer) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, b := range w.line {
		giveBuffer(b.buf)
	}
	giveBuffer(w.link.fc.out)
	w.link.fc.out, w.queued = nil, 0
	w.line, w.ahead, w.aheadN, w.busy = nil, 0, 0, false
	w.giveBack()
	w.giveRoom()
}
