package transport

import (
	"errors"
	"fmt"
	"net"
	"runtime/debug"
	"runtime/metrics"
	"strings"
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
	asked   int
	slowest time.Duration
	err     error
}

func newHonest(tb testing.TB, addr Addr) *honest {
	n := newNode(Instance, false)
	n.dial(tb, addr)
	h := &honest{node: n, inbox: n.peer(tb), stop: make(chan struct{}), stopped: make(chan struct{})}
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
	}
}

// finish ends the asking; it fails if the honest peer was not served all the time.
func (h *honest) finish() error {
	close(h.stop)
	<-h.stopped
	switch {
	case h.err != nil:
		return h.err
	case h.asked < 10:
		return fmt.Errorf("the honest peer asked %d times only", h.asked)
	case h.slowest > atOnce:
		return fmt.Errorf("the honest peer waited %v for an answer", h.slowest)
	}
	return nil
}

// heapPeak samples the bytes of objects on the heap until stop, and gives the growth.
func heapPeak() (stop func() (growth uint64)) {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	old := debug.SetGCPercent(10) // so that garbage does not pass for use
	debug.FreeOSMemory()
	metrics.Read(sample)
	base, peak := sample[0].Value.Uint64(), uint64(0)
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-end:
				return
			case <-tick.C:
				metrics.Read(sample)
				peak = max(peak, sample[0].Value.Uint64())
			}
		}
	}()
	return func() uint64 {
		close(end)
		<-ended
		debug.SetGCPercent(old)
		return max(peak, base) - base
	}
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

// TestHostilePeers is not parallel: what it measures belongs to the process.
func TestHostilePeers(t *testing.T) {
	is := is.New(t)
	after := append(append(attacksAfter, attacksByCommand(pushing)...), attacksByCommand(pulling)...)
	back := leaks()
	growth := heapPeak()
	t.Run("attacks", func(t *testing.T) {
		v := newVictim(t)
		for _, kind := range []linkKind{requests, responses} {
			for _, a := range attacksBefore {
				t.Run(fmt.Sprintf("%s/%d %s", kind, a.begin, a.name), func(t *testing.T) {
					is := is.New(t)
					t.Parallel()
					is.NoErr(a.run(v.addr, kind)) // cut off in time
				})
			}
		}
		for _, a := range after {
			t.Run(fmt.Sprintf("authenticated/%d %s", a.begin, a.name), func(t *testing.T) {
				is := is.New(t)
				t.Parallel()
				kind := responses // the app reads messages here
				if a.begin == pulling {
					kind = requests
				}
				is.NoErr(a.run(v.addr, kind)) // cut off in time
			})
		}
		t.Cleanup(func() {
			is.NoErr(v.honest.finish()) // the honest peer was served all the time
			is.NoErr(v.judge(append(attacksBefore, attacksBefore...), HandshakeFailed))
			is.NoErr(v.judge(after, Disconnected))
			is.NoErr(v.oneLineEach())
		})
	})
	grown := growth()
	t.Logf("the heap grew by %d KiB at most", grown>>10)
	is.True(grown <= Budget+8<<20) // memory is bounded, whatever peers claim
	is.NoErr(back())               // nothing is left behind
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
