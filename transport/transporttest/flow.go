package transporttest

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"time"

	"quartet/transport"
)

var flowCases = []testCase{
	{name: "a receiver that blocks fills its own queue only", run: blockedReceiver},
	{name: "a queue is bounded in bytes", run: queueBytes},
	{name: "what never left is unwritten", run: unwritten},
	{name: "large frames share one budget", run: largeFrames, once: true},
}

// blocked makes two peers at one binder of which the first does not read, and fills that one's queue.
func (e *env) blocked(size int, changes ...change) (stuck, other, stuckFar, otherFar *peer, door *gate, sent int) {
	e.t.Helper()
	door = newGate()
	changes = append(changes, noHeartbeat)
	l := e.listen(changes...)
	stuckFar = e.peer(e.dialPrepared(func(p *peer) { p.gate = door }, changes...))
	stuck = e.peer(l)
	otherFar = e.peer(e.dial(changes...))
	other = e.peer(l)
	for {
		err := stuck.SendWithin(100*time.Millisecond, pattern(size, sent)) // tcp makes room little by little
		if errors.Is(err, transport.ErrQueueFull) {
			return
		}
		e.NoErr(err) // or it is taken
		sent++
	}
}

func blockedReceiver(e *env) {
	const bound = 100
	stuck, other, stuckFar, otherFar, door, sent := e.blocked(64<<10, withQueue(bound, 0))
	e.True(sent >= bound)      // the bound holds what was promised
	e.True(sent <= bound+1000) // and what the system's own buffers take comes on top
	e.talk(other, otherFar)    // others do not feel it
	waited := make(chan error, 1)
	go func() { waited <- stuck.SendWithin(patience, []byte("the last")) }()
	e.talk(other, otherFar)
	door.open()
	e.NoErr(<-waited) // whoever waits for room gets it
	for i := range sent {
		m, err := stuckFar.next()
		e.NoErr(err)
		e.True(bytes.Equal(m.Frame, pattern(64<<10, i))) // nothing is lost, nor what was refused sent
	}
	e.Equal(stuckFar.nextText(), "the last")
}

func queueBytes(e *env) {
	const size, bound = 10 << 10, 200 << 10
	_, other, _, otherFar, door, sent := e.blocked(size, withQueue(1<<20, bound))
	defer door.open()
	e.True(sent >= bound/size-1) // the bound holds what was promised
	e.True(sent <= 1000)         // the system's own buffers come on top
	e.talk(other, otherFar)
}

// unwritten: of the messages to a peer that stopped reading, exactly a tail was never given to the system.
func unwritten(e *env) {
	door := newGate()
	l := e.listen(noHeartbeat, withQueue(256, 0))
	far := e.peer(e.dialPrepared(func(p *peer) { p.gate = door }, noHeartbeat))
	p := e.peer(l)
	marks := []int64{}
	for {
		mark, err := p.Send(pattern(16<<10, len(marks)))
		if errors.Is(err, transport.ErrQueueFull) {
			break
		}
		e.NoErr(err) // or it is taken
		marks = append(marks, mark)
	}
	p.Abort(nil)
	door.open()
	e.True(errors.Is(far.end(), transport.ErrPeerGone))
	e.True(errors.Is(p.end(), transport.ErrClosed))
	left := 0
	for left < len(marks) && !p.Unwritten(marks[left]) {
		left++
	}
	e.True(left < len(marks)) // some were never written
	for _, mark := range marks[left:] {
		e.True(p.Unwritten(mark)) // nor any behind them
	}
	e.True(far.count() <= left) // and none of those arrived
}

// wholeBudget is held by who needs all of the budget. It belongs to the process, suites may run side by side, and who waits for
// it longer than 5 s is cut.
var wholeBudget sync.Mutex

// largeFrames: those under way at once hold no more than the budget; the rest wait until it is given back.
func largeFrames(e *env) {
	wholeBudget.Lock()
	defer wholeBudget.Unlock()
	const senders, size = 17, 4 << 20 // 68 MiB, and the budget is 64
	l, err := e.tryListen(func(p *peer) { p.hold = true })
	e.NoErr(err)
	dialled := make([]*peer, senders)
	for i := range dialled {
		dialled[i] = e.peer(e.dial())
	}
	frame := pattern(size, 0)
	sent := make(chan error, 1)
	go func() {
		sent <- together(senders, func(i int) error {
			return dialled[i].SendWithin(patience, frame)
		})
	}()
	bound := make([]*peer, senders)
	for i := range bound {
		bound[i] = e.peer(l)
	}
	taken := make([]int, senders)
	for arrived, released := 0, 0; released < senders; {
		e.NoErr(eventually("another large frame", func() bool {
			arrived = 0
			for _, p := range bound {
				arrived += p.count()
			}
			return arrived > released
		}))
		e.True((arrived-released)*size <= transport.Budget) // never more than the budget is held
		for i, p := range bound {
			if p.count() > taken[i] {
				m, err := p.next()
				e.NoErr(err)
				e.Equal(len(m.Frame), size)
				m.Release()
				taken[i], released = taken[i]+1, released+1
			}
		}
	}
	e.NoErr(<-sent)
	for i, n := range taken {
		if n != 1 {
			e.NoErr(fmt.Errorf("%d large frames of peer %d", n, i)) // each arrives once
		}
	}
}
