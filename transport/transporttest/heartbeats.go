package transporttest

import (
	"fmt"
	"time"

	"quartet/transport"
)

var heartbeatCases = []testCase{
	{name: "heartbeats keep an idle link alive", run: idleLink},
	{name: "heartbeats of one side only", run: oneSidedHeartbeats},
	{name: "heartbeats off", run: noHeartbeats},
}

// idle waits for longer than a link may be silent, which only time can tell, and proves that it lives.
func (e *env) idle(a, b *peer) {
	e.t.Helper()
	select {
	case <-a.Done():
		e.NoErr(fmt.Errorf("an idle peer ended: %w", a.end()))
	case <-b.Done():
		e.NoErr(fmt.Errorf("an idle peer ended: %w", b.end()))
	case <-time.After(2500 * time.Millisecond):
	}
	e.talk(a, b)
}

func idleLink(e *env) {
	bound, dialled := e.pair(withHeartbeat(200*time.Millisecond, 2*time.Second))
	e.idle(bound, dialled)
}

// oneSidedHeartbeats: the side that sends none answers those of the other.
func oneSidedHeartbeats(e *env) {
	l, d := e.listen(withHeartbeat(200*time.Millisecond, 2*time.Second)), e.dial(withHeartbeat(-1, 0))
	e.idle(e.peer(l), e.peer(d))
}

func noHeartbeats(e *env) {
	bound, dialled := e.pair(withHeartbeat(-1, time.Millisecond))
	e.idle(bound, dialled)
	e.Equal(transport.DefaultHeartbeat, time.Second) // what the documentation says
}
