package transport

import (
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/matryer/is"
)

// The tests of this file judge time: they are not parallel, and not for -race. A limit holds for the 95th
// percentile of repeated tries, plus the worst stall of a ticker in this process, which is the machine's fault.

// stalls measures the machine until worst is called.
func stalls() (worst func() time.Duration) {
	stop, most := make(chan struct{}), make(chan time.Duration)
	go func() {
		const every = time.Millisecond
		tick := time.NewTicker(every)
		defer tick.Stop()
		var gap time.Duration
		for last := time.Now(); ; {
			select {
			case <-tick.C:
				now := time.Now()
				gap, last = max(gap, now.Sub(last)-every), now
			case <-stop:
				most <- gap
				return
			}
		}
	}()
	return func() time.Duration {
		close(stop)
		return <-most
	}
}

// judgeTime fails if the 95th percentile of some times is above the limit.
func judgeTime(took []time.Duration, limit, stall time.Duration) error {
	slices.Sort(took)
	p95 := took[len(took)*95/100]
	if p95 > limit+stall {
		return fmt.Errorf("p95 of %d tries is %v, the limit is %v and the machine stalled for %v", len(took), p95, limit, stall)
	}
	return nil
}

// TestTimedRedial: a binder that was away for so long that the waits are at their longest is found again in time.
func TestTimedRedial(t *testing.T) {
	is := is.New(t)
	const tries = 20
	binders, diallers, addrs := make([]*node, tries), make([]*node, tries), make([]Addr, tries)
	for i := range tries {
		addrs[i] = ipcAddr(t)
		binders[i], diallers[i] = newNode(App, false), newNode(Instance, false)
		l, err := Listen(addrs[i], binders[i].cfg)
		is.NoErr(err)
		diallers[i].dial(t, addrs[i])
		bound := binders[i].peer(t)
		diallers[i].peer(t)
		is.NoErr(l.Close())
		bound.peer.Abort(nil)
	}
	for _, n := range diallers { // each has come to its longest wait
		is.NoErr(eventually(patience, "six dials in vain", func() bool { return n.count(Retrying, nil) >= 6 }))
	}
	worst := stalls()
	start := time.Now()
	for i, n := range binders {
		n.listen(t, addrs[i])
	}
	took := make([]time.Duration, tries)
	var running sync.WaitGroup
	for i, n := range diallers {
		running.Go(func() {
			<-n.peers
			took[i] = time.Since(start)
		})
	}
	running.Wait()
	is.NoErr(judgeTime(took, 2*time.Second, worst())) // within 2 s after the binder is back
}

// TestTimedConnectBesideSilentPeers: those who say nothing take no time from those who do.
func TestTimedConnectBesideSilentPeers(t *testing.T) {
	is := is.New(t)
	const tries = 40
	v, addr := newNode(App, false), ipcAddr(t)
	v.listen(t, addr)
	silent := make([]net.Conn, 2*maxHandshakes)
	for i := range silent {
		c, err := rawDial(addr.endpoint(linkKind(i % 2)))
		is.NoErr(err)
		defer c.Close()
		silent[i] = c
	}
	worst := stalls()
	took := make([]time.Duration, tries)
	for i := range took {
		n := newNode(Instance, false)
		start := time.Now()
		d, err := Dial(addr, n.cfg)
		is.NoErr(err)
		p := n.peer(t)
		took[i] = time.Since(start)
		is.NoErr(d.Close())
		p.peer.Abort(nil)
		<-p.end
	}
	is.True(v.count(HandshakeFailed, ErrTooManyLinks) >= maxHandshakes) // it was full all the time
	is.True(v.count(HandshakeFailed, ErrTimeout) == 0)                  // to the end
	is.NoErr(judgeTime(took, 200*time.Millisecond, worst()))
}
