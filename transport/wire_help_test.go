package transport

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"
)

// wirePatience bounds every wait for something that must happen.
const wirePatience = 20 * time.Second

// wireSecret makes a secret of one key for each number.
func wireSecret(numbers ...byte) Secret {
	s := Secret{curve: new(sync.Map)}
	for _, n := range numbers {
		s.keys = append(s.keys, &secretKey{(*[keySize]byte)(bytes.Repeat([]byte{n}, keySize))})
	}
	return s
}

// wireAddr is an address on free ports of a host.
func wireAddr(t testing.TB, scheme, host string) Addr {
	t.Helper()
	e := scheme + "://" + net.JoinHostPort(host, "0")
	a, err := ParseAddr(e, e)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// wireEnd is one process's side of an address.
type wireEnd struct {
	t      testing.TB
	addr   Addr
	peers  chan *wirePeer
	events chan Event
	close  func() error
	secret func(Secret)

	mu  sync.Mutex
	all []*wirePeer
}

// wirePeer is a Peer and a Receiver that keeps what arrives.
type wirePeer struct {
	*Peer
	end   *wireEnd
	got   chan []byte
	cause chan error
	gate  chan struct{} // not nil: Receive waits for it
}

func (p *wirePeer) Receive(m Message) {
	if p.gate != nil {
		<-p.gate
	}
	m.Release()
	p.got <- m.Frame
}

func (p *wirePeer) Closed(cause error) { p.cause <- cause }

// wireConfig is the Config of a side. Later changes win.
func (n *wireEnd) config(side Side, changes []func(*Config)) Config {
	cfg := Config{Side: side, Secret: wireSecret(1)}
	cfg.Hook = func(e Event) {
		select {
		case n.events <- e:
		default: // a test that looks at events looks in time
		}
	}
	var gate chan struct{}
	for _, change := range changes {
		change(&cfg)
	}
	if cfg.Accept != nil { // a test's way to ask for a gate
		gate = make(chan struct{})
	}
	cfg.Accept = func(p *Peer) Receiver {
		w := &wirePeer{Peer: p, end: n, got: make(chan []byte, 1<<14), cause: make(chan error, 1), gate: gate}
		n.mu.Lock()
		n.all = append(n.all, w)
		n.mu.Unlock()
		n.peers <- w
		return w
	}
	return cfg
}

// wireGated makes Receive wait until the gate of the peer is closed.
func wireGated(c *Config) {
	c.Accept = func(*Peer) Receiver { return nil }
	c.Heartbeat = -1
}

func newWireEnd(t testing.TB) *wireEnd {
	return &wireEnd{t: t, peers: make(chan *wirePeer, 4096), events: make(chan Event, 1<<14)}
}

func wireListen(t testing.TB, addr Addr, side Side, changes ...func(*Config)) *wireEnd {
	t.Helper()
	n := newWireEnd(t)
	l, err := Listen(addr, n.config(side, changes))
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	n.addr, n.close, n.secret = l.Addr(), l.Close, l.SetSecret
	t.Cleanup(n.finish)
	return n
}

func wireDial(t testing.TB, addr Addr, side Side, changes ...func(*Config)) *wireEnd {
	t.Helper()
	n := newWireEnd(t)
	d, err := Dial(addr, n.config(side, changes))
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	n.addr, n.close, n.secret = d.Addr(), d.Close, d.SetSecret
	t.Cleanup(n.finish)
	return n
}

// wirePair is one peer over tcp, seen from its two sides; binder says which one binds.
func wirePair(t testing.TB, scheme, host string, binder Side, changes ...func(*Config)) (bound, dialled *wirePeer) {
	t.Helper()
	l := wireListen(t, wireAddr(t, scheme, host), binder, changes...)
	d := wireDial(t, l.addr, binder.other(), changes...)
	return l.peer(), d.peer()
}

func (n *wireEnd) finish() {
	if err := n.close(); err != nil {
		n.t.Errorf("close: %v", err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, p := range n.all {
		if p.gate != nil {
			select {
			case <-p.gate:
			default:
				close(p.gate)
			}
		}
		p.Abort(nil)
		select {
		case <-p.Done():
		case <-time.After(wirePatience):
			n.t.Errorf("%v does not end", p)
		}
	}
}

// peer waits for the next peer.
func (n *wireEnd) peer() *wirePeer {
	n.t.Helper()
	return wireRecv(n.t, n.peers, "a peer")
}

// event waits for the next event of a type.
func (n *wireEnd) event(typ EventType) Event {
	n.t.Helper()
	limit := time.After(wirePatience)
	for {
		select {
		case e := <-n.events:
			if e.Type == typ {
				return e
			}
		case <-limit:
			n.t.Fatalf("no event %q within %v", typ, wirePatience)
		}
	}
}

func wireRecv[T any](t testing.TB, c <-chan T, what string) (v T) {
	t.Helper()
	limit := time.NewTimer(wirePatience)
	defer limit.Stop()
	select {
	case v = <-c:
	case <-limit.C:
		t.Fatalf("within %v it did not come: %s", wirePatience, what)
	}
	return v
}

// next waits for a message.
func (p *wirePeer) next() string {
	p.end.t.Helper()
	return string(wireRecv(p.end.t, p.got, "a message"))
}

// say sends, waiting for room.
func (p *wirePeer) say(words string) {
	p.end.t.Helper()
	if err := p.SendWithin(wirePatience, []byte(words)); err != nil {
		p.end.t.Fatalf("send: %v", err)
	}
}

// wireTalk makes sure that messages go both ways.
func wireTalk(t testing.TB, a, b *wirePeer) {
	t.Helper()
	for _, way := range [][2]*wirePeer{{a, b}, {b, a}} {
		way[0].say("hello over there")
		if got := way[1].next(); got != "hello over there" {
			t.Fatalf("%q came", got)
		}
	}
}

// wireRole is one end of one link.
func wireRole(s Secret, kind linkKind, side Side, binds bool) endpointRole {
	r := endpointRole{kind: kind, side: side, binds: binds, scheme: schemeTCP, secret: s}
	if !binds {
		r.pair = strings.Repeat("ab", pairSize/2)
	}
	return r
}

// wireShake makes a link of two connections, seen from its two sides.
func wireShake(ctx context.Context, a, b net.Conn, ra, rb endpointRole) (la, lb *link, errA, errB error) {
	cfg := Config{Side: ra.side, Heartbeat: -1}.withDefaults()
	var other sync.WaitGroup
	other.Go(func() {
		if lb, errB = handshake(ctx, b, rb, cfg); errB != nil {
			b.Close()
		}
	})
	if la, errA = handshake(ctx, a, ra, cfg); errA != nil {
		a.Close()
	}
	other.Wait()
	return la, lb, errA, errB
}

// wireOpen runs the handshake of one mechanism that a test has made itself.
func wireOpen(c net.Conn, sec zmq4.Security, role endpointRole) (*frameConn, error) {
	c.SetDeadline(time.Now().Add(wirePatience))
	fc := newFrameConn(context.Background(), c)
	err := open(fc, sec, role)
	if flushErr := fc.flushHandshake(); err == nil {
		err = flushErr
	}
	return fc, err
}

// wireTap sees, and may change, what passes through a proxy: data begins at octet at of one direction of
// one connection.
type wireTap func(conn int, up bool, at int64, data []byte) []byte

// wireRelay passes both directions until one ends, then closes both.
func wireRelay(conn int, down, up net.Conn, tap wireTap) {
	var both sync.WaitGroup
	pass := func(dst, src net.Conn, isUp bool) {
		defer dst.Close()
		defer src.Close()
		buf, at := make([]byte, 32<<10), int64(0)
		for {
			n, err := src.Read(buf)
			data := buf[:n]
			if tap != nil && n > 0 {
				data = tap(conn, isUp, at, data)
			}
			at += int64(n)
			if _, werr := dst.Write(data); err != nil || werr != nil {
				return
			}
		}
	}
	both.Go(func() { pass(up, down, true) })
	both.Go(func() { pass(down, up, false) })
	both.Wait()
}

// wireProxy stands before a tcp endpoint and returns its own.
func wireProxy(t testing.TB, target Endpoint, tap wireTap) Endpoint {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	var mu sync.Mutex
	var open []net.Conn
	running.Go(func() {
		for conn := 0; ; conn++ {
			down, err := ln.Accept()
			if err != nil {
				return
			}
			up, err := net.Dial("tcp", target.hostPort())
			if err != nil {
				down.Close()
				continue
			}
			mu.Lock()
			open = append(open, down, up)
			mu.Unlock()
			running.Go(func() { wireRelay(conn, down, up, tap) })
		}
	})
	t.Cleanup(func() {
		ln.Close()
		mu.Lock()
		for _, c := range open {
			c.Close()
		}
		mu.Unlock()
		running.Wait()
	})
	return Endpoint{target.scheme, ln.Addr().String()}
}

// wireProxied puts a proxy before both endpoints; the conn of its taps counts for each kind.
func wireProxied(t testing.TB, a Addr, tap func(linkKind) wireTap) Addr {
	t.Helper()
	return Addr{wireProxy(t, a.Requests, tap(requests)), wireProxy(t, a.Responses, tap(responses))}
}

// wireRecorder keeps what passes through a proxy.
type wireRecorder struct {
	mu    sync.Mutex
	bytes map[wireStream][]byte
}

type wireStream struct {
	kind linkKind
	conn int
	up   bool
}

func newWireRecorder() *wireRecorder { return &wireRecorder{bytes: map[wireStream][]byte{}} }

func (r *wireRecorder) tap(kind linkKind) wireTap {
	return func(conn int, up bool, _ int64, data []byte) []byte {
		r.mu.Lock()
		defer r.mu.Unlock()
		s := wireStream{kind, conn, up}
		r.bytes[s] = append(r.bytes[s], data...)
		return data
	}
}

func (r *wireRecorder) stream(s wireStream) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return bytes.Clone(r.bytes[s])
}

// wireFrames cuts a stream into its greeting and its frames, as far as they are complete.
func wireFrames(stream []byte) (parts [][]byte) {
	if len(stream) < greetingSize {
		return nil
	}
	parts, stream = append(parts, stream[:greetingSize]), stream[greetingSize:]
	for len(stream) >= shortHdr {
		n, size := shortHdr, uint64(stream[1])
		if stream[0]&flagLong != 0 {
			if len(stream) < longHdr {
				break
			}
			n, size = longHdr, binary.BigEndian.Uint64(stream[1:])
		}
		if size > uint64(len(stream)-n) {
			break
		}
		end := n + int(size)
		parts, stream = append(parts, stream[:end]), stream[end:]
	}
	return parts
}

// wireGreeting is what a peer says first.
func wireGreeting(mechanism string) []byte {
	g := make([]byte, greetingSize)
	g[0], g[8], g[9], g[10] = signatureHead, 1, signatureTail, 3
	copy(g[12:32], mechanism)
	return g
}

// wireCommand is a frame with a command of the handshake.
func wireCommand(name string, body []byte) []byte {
	all := append(append([]byte{byte(len(name))}, name...), body...)
	return append(appendFrameHeader(nil, flagCommand, len(all)), all...)
}

// wireCut reads from a connection until its other end cuts it, and says how long that took.
func wireCut(c net.Conn) (said []byte, took time.Duration, err error) {
	began := time.Now()
	c.SetReadDeadline(began.Add(wirePatience))
	said, err = io.ReadAll(c)
	if isTimeout(err) {
		return said, time.Since(began), fmt.Errorf("not cut off within %v", wirePatience)
	}
	return said, time.Since(began), nil
}

// wireEventually polls, for what no channel tells.
func wireEventually(t testing.TB, what string, cond func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for start := time.Now(); !cond(); <-tick.C {
		if time.Since(start) > wirePatience {
			t.Fatalf("not within %v: %s", wirePatience, what)
		}
	}
}
