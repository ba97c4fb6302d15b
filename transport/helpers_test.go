package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/matryer/is"
)

// patience bounds every wait for something that must happen.
const patience = 20 * time.Second

var testSecret = func() Secret {
	s, err := ParseSecret([]byte(strings.Repeat("5ec0", 16)))
	if err != nil {
		panic(err)
	}
	return s
}()

var inprocNames atomic.Int64

func newInproc(tb testing.TB) Addr {
	tb.Helper()
	n := inprocNames.Add(1)
	return mustAddr(tb, fmt.Sprintf("inproc://in-package-%d-a", n), fmt.Sprintf("inproc://in-package-%d-b", n))
}

// shortDir is a directory whose path leaves room for the names of sockets.
func shortDir(tb testing.TB) string {
	tb.Helper()
	dir, err := os.MkdirTemp("", "quartet")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func ipcAddr(tb testing.TB) Addr { return ipcAddrIn(tb, shortDir(tb)) }

func ipcAddrIn(tb testing.TB, dir string) Addr {
	tb.Helper()
	return mustAddr(tb, "ipc://"+filepath.Join(dir, "q"), "ipc://"+filepath.Join(dir, "s"))
}

func mustAddr(tb testing.TB, requests, responses string) Addr {
	tb.Helper()
	addr, err := ParseAddr(requests, responses)
	if err != nil {
		tb.Fatal(err)
	}
	return addr
}

// inbox is a Receiver that keeps what comes; with echo it sends everything back.
type inbox struct {
	peer *Peer
	echo bool
	got  chan Message
	end  chan error
}

func (b *inbox) Receive(m Message) {
	if b.echo {
		b.peer.Send(m.Frame)
		m.Release()
		return
	}
	b.got <- m
}

func (b *inbox) Closed(cause error) { b.end <- cause }

// node is one side of an address with its events and its log.
type node struct {
	cfg   Config
	peers chan *inbox
	log   *safeBuffer

	mu     sync.Mutex
	all    []*inbox
	events []Event
}

func newNode(side Side, echo bool) *node {
	n := &node{peers: make(chan *inbox, MaxLinks), log: &safeBuffer{}}
	n.cfg = Config{
		Side: side, Secret: testSecret,
		Accept: func(p *Peer) Receiver {
			b := &inbox{peer: p, echo: echo, got: make(chan Message, 16), end: make(chan error, 8)}
			n.mu.Lock()
			n.all = append(n.all, b)
			n.mu.Unlock()
			n.peers <- b
			return b
		},
		Hook: func(e Event) {
			n.mu.Lock()
			defer n.mu.Unlock()
			n.events = append(n.events, e)
		},
		Log: slog.New(slog.NewJSONHandler(n.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	return n
}

func (n *node) seen() []Event {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]Event(nil), n.events...)
}

// count counts the events of a type whose error is reason, or any when that is nil.
func (n *node) count(typ EventType, reason error) (found int) {
	for _, e := range n.seen() {
		if e.Type == typ && (reason == nil || errors.Is(e.Err, reason)) {
			found++
		}
	}
	return found
}

func (n *node) peer(tb testing.TB) *inbox {
	tb.Helper()
	select {
	case b := <-n.peers:
		return b
	case <-time.After(patience):
		tb.Fatalf("no peer within %v", patience)
		return nil
	}
}

func (n *node) listen(tb testing.TB, addr Addr) *Listener {
	tb.Helper()
	is := is.New(tb)
	l, err := Listen(addr, n.cfg)
	is.NoErr(err) // the address can be bound
	tb.Cleanup(func() { n.shut(tb, l.Close) })
	return l
}

func (n *node) dial(tb testing.TB, addr Addr) *Dialer {
	tb.Helper()
	is := is.New(tb)
	d, err := Dial(addr, n.cfg)
	is.NoErr(err) // dialling begins
	tb.Cleanup(func() { n.shut(tb, d.Close) })
	return d
}

// shut ends a side and its peers.
func (n *node) shut(tb testing.TB, close func() error) {
	if err := close(); err != nil {
		tb.Errorf("close: %v", err)
	}
	n.mu.Lock()
	all := append([]*inbox(nil), n.all...)
	n.mu.Unlock()
	for _, b := range all {
		b.peer.Abort(nil)
	}
	for _, b := range all {
		<-b.peer.Done()
	}
}

// safeBuffer may be written and read at the same time.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// eventually polls for what no channel tells.
func eventually(within time.Duration, what string, cond func() bool) error {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for start := time.Now(); ; <-tick.C {
		if cond() {
			return nil
		}
		if time.Since(start) > within {
			return fmt.Errorf("not within %v: %s", within, what)
		}
	}
}

// leaks takes stock of goroutines and descriptors and returns a check that no more are left.
func leaks() func() error {
	if r, w, err := os.Pipe(); err == nil { // the runtime's poller opens its own descriptors with the first one
		r.Close()
		w.Close()
	}
	goroutines, fds := stock()
	return func() error {
		g, f := 0, 0
		err := eventually(patience, "", func() bool {
			g, f = stock()
			return g <= goroutines && f <= fds
		})
		if err != nil {
			return fmt.Errorf("%d goroutines and %d descriptors are left of %d and %d", g, f, goroutines, fds)
		}
		return nil
	}
}

func contextWithin(d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), d)
}
