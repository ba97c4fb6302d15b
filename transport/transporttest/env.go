package transporttest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"quartet/transport"

	"github.com/matryer/is"
)

// env is what a case works with: an address, who binds it, and assertions.
type env struct {
	*is.I
	t      *testing.T
	suite  *suite
	addr   transport.Addr
	binder transport.Side
}

// end is one process's side of an address.
type end struct {
	peers  chan *peer
	events chan transport.Event
	close  func() error

	mu  sync.Mutex
	all []*peer
}

type change func(*transport.Config)

var testSecret = mustSecret(strings.Repeat("5ec0", 16))

func mustSecret(text string) transport.Secret {
	s, err := transport.ParseSecret([]byte(text))
	if err != nil {
		panic(err)
	}
	return s
}

func withSecret(s transport.Secret) change {
	return func(c *transport.Config) { c.Secret = s }
}

func withQueue(messages, bytes int) change {
	return func(c *transport.Config) { c.QueueMessages, c.QueueBytes = messages, bytes }
}

// noHeartbeat is for receivers that stop: a reader that does not read takes its peer for dead.
func noHeartbeat(c *transport.Config) { c.Heartbeat = -1 }

func withHeartbeat(interval, dead time.Duration) change {
	return func(c *transport.Config) { c.Heartbeat, c.Dead = interval, dead }
}

func (e *env) dialler() transport.Side {
	return transport.App + transport.Instance - e.binder
}

// config makes the Config of one end. prepare, which may be nil, sees each new peer first.
func (e *env) config(side transport.Side, n *end, prepare func(*peer), changes []change) transport.Config {
	cfg := transport.Config{Side: side, Secret: testSecret}
	for _, c := range e.suite.changes {
		c(&cfg)
	}
	for _, c := range changes {
		c(&cfg)
	}
	cfg.Accept = func(tp *transport.Peer) transport.Receiver {
		p := newPeer(tp)
		if prepare != nil {
			prepare(p)
		}
		if p.refused {
			return nil
		}
		n.mu.Lock()
		n.all = append(n.all, p)
		n.mu.Unlock()
		n.peers <- p
		return p
	}
	cfg.Hook = func(ev transport.Event) {
		select {
		case n.events <- ev:
		default: // a case that looks at events looks in time
		}
	}
	return cfg
}

func newEnd() *end {
	return &end{peers: make(chan *peer, 1024), events: make(chan transport.Event, 1024)}
}

// listen binds the address.
func (e *env) listen(changes ...change) *end {
	e.t.Helper()
	n, err := e.tryListen(nil, changes...)
	e.NoErr(err) // the address can be bound
	return n
}

func (e *env) tryListen(prepare func(*peer), changes ...change) (*end, error) {
	n := newEnd()
	l, err := transport.Listen(e.addr, e.config(e.binder, n, prepare, changes))
	if err != nil {
		return nil, err
	}
	n.close = l.Close
	e.t.Cleanup(func() { e.finish(n) })
	return n, nil
}

// dial dials it.
func (e *env) dial(changes ...change) *end {
	e.t.Helper()
	return e.dialPrepared(nil, changes...)
}

func (e *env) dialPrepared(prepare func(*peer), changes ...change) *end {
	e.t.Helper()
	n := newEnd()
	d, err := transport.Dial(e.addr, e.config(e.dialler(), n, prepare, changes))
	e.NoErr(err) // dialling can begin
	n.close = d.Close
	e.t.Cleanup(func() { e.finish(n) })
	return n
}

// pair makes one peer, seen from both sides.
func (e *env) pair(changes ...change) (bound, dialled *peer) {
	e.t.Helper()
	l, d := e.listen(changes...), e.dial(changes...)
	return e.peer(l), e.peer(d)
}

// peer waits for the next peer of an end.
func (e *env) peer(n *end) *peer {
	e.t.Helper()
	select {
	case p := <-n.peers:
		return p
	case <-time.After(patience):
		e.t.Fatalf("no peer within %v", patience)
		return nil
	}
}

// event waits for the next event of a type.
func (e *env) event(n *end, typ transport.EventType) transport.Event {
	e.t.Helper()
	limit := time.After(patience)
	for {
		select {
		case ev := <-n.events:
			if ev.Type == typ {
				return ev
			}
		case <-limit:
			e.t.Fatalf("no event %q within %v", typ, patience)
		}
	}
}

// abortAll is what the end of a process does to its peers.
func (n *end) abortAll() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, p := range n.all {
		p.Abort(nil)
		if p.gate != nil {
			p.gate.open()
		}
	}
}

// vanish ends one side as the death of its process would.
func (e *env) vanish(n *end) {
	e.t.Helper()
	e.NoErr(n.close()) // closes
	n.abortAll()
}

// finish ends a side and reports whatever a Receiver should not have seen.
func (e *env) finish(n *end) {
	if err := n.close(); err != nil {
		e.t.Errorf("close: %v", err)
	}
	n.abortAll()
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, p := range n.all {
		select {
		case <-p.Done():
		case <-time.After(patience):
			e.t.Errorf("%v does not end", p)
		}
		for _, err := range p.violations() {
			e.t.Errorf("%v: %v", p, err)
		}
	}
}

// send sends words, waiting for room where a message must not be lost.
func (e *env) send(p *peer, words string) {
	e.t.Helper()
	e.NoErr(p.SendWithin(patience, []byte(words))) // it is taken
}

// together runs fn n times at once and joins what goes wrong: assertions belong to the test's own goroutine.
func together(n int, fn func(i int) error) error {
	errs := make([]error, n)
	var running sync.WaitGroup
	for i := range n {
		running.Go(func() { errs[i] = fn(i) })
	}
	running.Wait()
	return errors.Join(errs...)
}

// eventually polls, for what no channel tells.
func eventually(what string, cond func() bool) error {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for start := time.Now(); ; <-tick.C {
		if cond() {
			return nil
		}
		if time.Since(start) > patience {
			return fmt.Errorf("not within %v: %s", patience, what)
		}
	}
}
