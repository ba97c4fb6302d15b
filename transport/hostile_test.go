package transport

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/matryer/is"
)

// victim is a binder under attack, with an honest peer beside the attackers.
type victim struct {
	*node
	addr   Addr
	honest *honest
}

func newVictim(tb testing.TB) *victim {
	v := &victim{node: newNode(App, true), addr: ipcAddr(tb)}
	v.listen(tb, v.addr)
	v.honest = newHonest(tb, v.addr)
	return v
}

// honest is a peer that asks all the time and takes the time of the answers.
type honest struct {
	node    *node
	inbox   *inbox
	stop    chan struct{}
	stopped chan struct{}
	served  chan struct{} // closed when it has had a few answers
	asked   int
	slowest time.Duration
	err     error
}

func newHonest(tb testing.TB, addr Addr) *honest {
	n := newNode(Instance, false)
	n.dial(tb, addr)
	h := &honest{node: n, inbox: n.peer(tb), stop: make(chan struct{}), stopped: make(chan struct{}), served: make(chan struct{})}
	go h.ask()
	return h
}

func (h *honest) ask() {
	defer close(h.stopped)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for ; h.err == nil; h.asked++ {
		select {
		case <-h.stop:
			return
		case <-tick.C:
		}
		start := time.Now()
		word := fmt.Sprint("question ", h.asked)
		if _, h.err = h.inbox.peer.Send([]byte(word)); h.err != nil {
			return
		}
		select {
		case m := <-h.inbox.got:
			if string(m.Frame) != word {
				h.err = fmt.Errorf("%q was answered by %q", word, m.Frame)
			}
		case err := <-h.inbox.end:
			h.err = fmt.Errorf("the honest peer was cut: %w", err)
		case <-time.After(patience):
			h.err = errors.New("the honest peer waits for ever")
		}
		h.slowest = max(h.slowest, time.Since(start))
		if h.asked == 10 {
			close(h.served)
		}
	}
}

// finish ends the asking; it fails if the honest peer was not served all the time.
func (h *honest) finish() error {
	select {
	case <-h.served:
	case <-h.stopped:
	}
	close(h.stop)
	<-h.stopped
	switch {
	case h.err != nil:
		return h.err
	case h.slowest > atOnce:
		return fmt.Errorf("the honest peer waited %v for an answer", h.slowest)
	}
	return nil
}

// open brings a hostile connection to its stage. Both links of a pair are returned; the attack is on the first.
func (a attack) open(addr Addr, kind linkKind) (conns []net.Conn, err error) {
	var c net.Conn
	switch a.begin {
	case connected:
		c, err = rawDial(addr.endpoint(kind))
	case greeted:
		c, err = rawGreeted(addr.endpoint(kind), "PLAIN")
	case welcomed:
		c, err = rawWelcomed(addr, Instance, kind)
	case linked:
		c, err = rawLink(addr, Instance, kind, newPair())
	default:
		var links [2]net.Conn
		links, err = rawPair(addr, Instance)
		return []net.Conn{links[kind], links[1-kind]}, err
	}
	return []net.Conn{c}, err
}

// run plays the attack and waits for the end of its connections.
func (a attack) run(addr Addr, kind linkKind) error {
	conns, err := a.open(addr, kind)
	for _, c := range conns {
		if c != nil {
			defer c.Close()
		}
	}
	if err != nil {
		return fmt.Errorf("before the attack: %w", err)
	}
	start := time.Now()
	a.play(conns[0])
	for _, c := range conns {
		rawEnd(c)
	}
	if took, limit := time.Since(start), max(a.within, atOnce); took > limit {
		return fmt.Errorf("cut off after %v, the limit is %v", took, limit)
	}
	return nil
}

// TestHostile is not parallel, since what it measures belongs to the process; but the attacks are.
func TestHostile(t *testing.T) {
	is := is.New(t)
	back, growth := leaks(), heapPeak()
	t.Run("all at once", func(t *testing.T) {
		t.Run("peers", hostilePeers)
		t.Run("binders", hostileBinders)
		t.Run("silent flood", silentFlood)
		t.Run("large claims", largeClaims)
	})
	is.NoErr(growth(Budget + 8<<20))   // memory is bounded, whatever others claim
	is.NoErr(back())                   // nothing is left behind
	is.True(budget.TryAcquire(Budget)) // nor is any of the budget lost
	budget.Release(Budget)
}

func hostilePeers(t *testing.T) {
	is := is.New(t)
	t.Parallel()
	v := newVictim(t)
	var running sync.WaitGroup
	room := make(chan struct{}, maxHandshakes/2) // so that none is cut for want of room
	errs := make(chan error, 1000)
	strike := func(a attack, kind linkKind) {
		room <- struct{}{}
		running.Go(func() {
			defer func() { <-room }()
			if err := a.run(v.addr, kind); err != nil {
				errs <- fmt.Errorf("%s at %s (stage %d): %w", a.name, kind, a.begin, err)
			}
		})
	}
	for _, a := range attacksBefore {
		strike(a, requests)
		strike(a, responses)
	}
	after := append(append(attacksAfter, attacksByCommand(pushing)...), attacksByCommand(pulling)...)
	for _, a := range after {
		strike(a, map[stage]linkKind{pushing: responses, pulling: requests}[a.begin]) // an app reads responses
	}
	running.Wait()
	close(errs)
	for err := range errs {
		is.NoErr(err) // cut off in time
	}
	is.NoErr(v.honest.finish()) // the honest peer was served all the time
	before := append(append([]attack{}, attacksBefore...), attacksBefore...)
	is.NoErr(v.eventuallyJudge(before, HandshakeFailed))
	is.NoErr(v.eventuallyJudge(after, Disconnected))
	is.NoErr(v.oneLineEach())
}

// eventuallyJudge waits for the events, which come after the cut that they tell of.
func (v *victim) eventuallyJudge(attacks []attack, typ EventType) (err error) {
	eventually(atOnce, "", func() bool {
		err = v.judge(attacks, typ)
		return err == nil
	})
	return err
}

// judge compares the reasons of the attacks with those of the events.
func (v *victim) judge(attacks []attack, typ EventType) error {
	want := map[error]int{}
	for _, a := range attacks {
		want[a.reason]++
	}
	got := map[error]int{}
	for _, e := range v.seen() {
		if e.Type == typ {
			got[reasonOf(e.Err)]++
		}
	}
	var errs []error
	for _, reason := range append(reasons, nil) {
		if want[reason] != got[reason] {
			errs = append(errs, fmt.Errorf("%d attacks should end by %q, %d events say so", want[reason], reason, got[reason]))
		}
	}
	return errors.Join(errs...)
}

// oneLineEach: the log has one line per endpoint and reason, however many attacks there were.
func (v *victim) oneLineEach() error {
	type key struct {
		endpoint string
		typ      EventType
		reason   error
	}
	want := map[key]bool{}
	for _, e := range v.seen() {
		if e.Type == HandshakeFailed || e.Type == Disconnected {
			want[key{e.Endpoint, e.Type, reasonOf(e.Err)}] = true
		}
	}
	if lines := strings.Count(v.log.String(), `"level":"WARN"`); lines < len(want) || lines > 3*len(want) {
		return fmt.Errorf("%d warnings for %d endpoints and reasons:\n%s", lines, len(want), v.log)
	}
	return nil
}
