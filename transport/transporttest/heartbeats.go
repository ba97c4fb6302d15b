package transporttest

import (
	"fmt"
	"time"

	"quartet/transport"
)

var heartbeatCases = []testCase{
	{name: "idle links live, with heartbeats and without", run: idleLinks},
}

// idleLinks waits for longer than a link may be silent, which only time can tell. Its links wait together.
func idleLinks(e *env) {
	const dead = 2 * time.Second
	beating := withHeartbeat(200*time.Millisecond, dead)
	links := map[string][2]*peer{}
	for _, c := range []struct {
		name           string
		binder, dialer change
	}{
		{"both sides send PING", beating, beating},
		{"only the binder does, and is answered", beating, noHeartbeat},
		{"only the dialler does, and is answered", noHeartbeat, beating},
		{"neither does, and neither minds", noHeartbeat, withHeartbeat(-1, time.Millisecond)},
	} {
		e.addr = e.suite.newAddr(e.t)
		l, d := e.listen(c.binder), e.dial(c.dialer)
		links[c.name] = [2]*peer{e.peer(l), e.peer(d)}
	}
	<-time.After(dead + dead/4)
	for name, ends := range links {
		for _, p := range ends {
			select {
			case <-p.Done():
				e.NoErr(fmt.Errorf("%s: it ended: %w", name, p.end()))
			default:
			}
		}
		e.talk(ends[0], ends[1]) // it lives
	}
	e.Equal(transport.DefaultHeartbeat, time.Second) // what the documentation says
}
