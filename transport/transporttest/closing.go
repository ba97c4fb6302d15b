package transporttest

import (
	"errors"
	"fmt"
	"time"

	"quartet/transport"
)

var closeCases = []testCase{
	{name: "Close sends all that is queued", run: closeFlushes},
	{name: "Close with PINGs between the messages", run: closeWithPings},
	{name: "Close from both sides", run: closeBoth},
	{name: "Abort is seen once, after the last message", run: abort},
	{name: "a peer that Accept refuses", run: acceptRefuses},
}

func closeFlushes(e *env) {
	const n = 300
	l, d := e.listen(), e.dial()
	for round := range 2 { // the dialler comes back after the first
		from, to := e.peer(l), e.peer(d)
		if round == 1 {
			from, to = to, from
		}
		for i := range n {
			_, err := from.Send(pattern(1000+i%3, i))
			e.NoErr(err) // it is queued
		}
		from.Close()
		from.Close() // twice is once
		e.True(errors.Is(to.end(), transport.ErrPeerGone))
		e.True(errors.Is(from.end(), transport.ErrClosed))
		e.Equal(to.count(), n) // all of it came
		_, err := from.Send([]byte("late"))
		e.True(err != nil) // nothing is taken for a closed peer
	}
}

// closeWithPings: a PING that can no longer be answered must not cost the messages behind it.
func closeWithPings(e *env) {
	const n, size = 20, 4 << 10 // more than a reader takes at once, less than the buffers on the way hold
	pings := withHeartbeat(2*time.Millisecond, patience)
	door := newGate()
	slow := true
	l, err := e.tryListen(func(p *peer) {
		if slow {
			p.gate, slow = door, false
		}
	}, noHeartbeat)
	e.NoErr(err)
	leaving := e.peer(e.dial(pings))
	bound := e.peer(l)
	staying := e.peer(e.dial())
	other := e.peer(l)
	for i := range n {
		e.send(leaving, string(pattern(size, i)))
		for start := time.Now(); i == n/2 && time.Since(start) < 20*time.Millisecond; {
			e.talk(staying, other) // meanwhile some PINGs are sent
		}
	}
	for range n / 4 {
		door.pass <- struct{}{}
	}
	leaving.Close()
	e.True(errors.Is(leaving.end(), transport.ErrClosed)) // it waits for the reader only so long
	for range n / 2 {                                     // past the PINGs, which nobody is there to have answered
		select {
		case door.pass <- struct{}{}:
		case <-bound.Done():
		}
	}
	e.talk(staying, other) // a moment passes
	door.open()
	e.True(bound.end() != nil)
	e.Equal(bound.count(), n) // what was written is read
}

func closeBoth(e *env) {
	bound, dialled := e.pair()
	e.talk(bound, dialled)
	e.NoErr(together(8, func(i int) error {
		p := []*peer{bound, dialled}[i%2]
		p.Close()
		if cause := p.end(); !errors.Is(cause, transport.ErrClosed) && !errors.Is(cause, transport.ErrPeerGone) {
			return fmt.Errorf("ended by %w", cause)
		}
		return nil
	}))
}

func abort(e *env) {
	for range 5 {
		bound, dialled := e.pair()
		for i := range 100 {
			_, err := dialled.Send(pattern(100, i))
			e.NoErr(err) // it is queued
		}
		why := errors.New("the test says so")
		dialled.Abort(why)
		dialled.Abort(errors.New("only the first reason counts"))
		e.True(errors.Is(dialled.end(), why))                 // this side knows why
		e.True(errors.Is(bound.end(), transport.ErrPeerGone)) // the other that it is over
		_, err := dialled.Send([]byte("late"))
		e.True(errors.Is(err, why)) // a sender is told the same
		e.addr = e.suite.newAddr(e.t)
	}
}

func acceptRefuses(e *env) {
	first := true
	l, err := e.tryListen(func(p *peer) { p.refused, first = first, false })
	e.NoErr(err)
	d := e.dial()
	e.True(errors.Is(e.peer(d).end(), transport.ErrPeerGone)) // the dialler is told
	e.talk(e.peer(l), e.peer(d))                              // and may come again
}
