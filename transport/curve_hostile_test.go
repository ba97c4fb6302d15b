package transport

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"
	"github.com/matryer/is"
)

// wireFlow is one link in memory, from the first octet to the last: a handshake, then words from its PUSH end
// to its PULL end, with what happens to be in between.
type wireFlow struct {
	errA, errB error // of the handshakes: the dialler's, the binder's
	got        []string
	pullErr    error // why the PULL end stopped reading
}

var wireWords = []string{"the first words", "the second words", "the third words"}

// runWireFlow lets tap bend what passes. A handshake that waits for octets that do not come ends with patience.
func runWireFlow(kind linkKind, patience time.Duration, tap wireTap) (f wireFlow) {
	ctx, cancel := context.WithTimeoutCause(context.Background(), patience, ErrTimeout)
	defer cancel()
	a, nearA := newPipe()
	nearB, b := newPipe()
	var relay sync.WaitGroup
	relay.Go(func() { wireRelay(0, nearA, nearB, tap) })
	defer relay.Wait()
	dl, bl, errA, errB := wireShake(ctx, a, b, wireRole(wireSecret(1), kind, App, false), wireRole(wireSecret(1), kind, Instance, true))
	f.errA, f.errB = errA, errB
	push, pull := dl, bl
	if kind == responses {
		push, pull = bl, dl
	}
	cfg := Config{Heartbeat: -1}.withDefaults()
	if push != nil {
		push.start(cfg, nil)
		for _, words := range wireWords {
			push.w.send([][]byte{[]byte(words)}, sendNow)
		}
		push.closeWrite()
	}
	if pull != nil {
		var mu sync.Mutex
		pull.start(cfg, func(m Message) {
			mu.Lock()
			defer mu.Unlock()
			f.got = append(f.got, string(m.Frame))
		})
		<-pull.read
		f.pullErr = pull.err
	}
	for _, l := range []*link{dl, bl} {
		if l != nil {
			l.fail(ErrClosed)
			<-l.done
		}
	}
	return f
}

// wireFlip flips one bit at one octet of one direction.
func wireFlip(up bool, octet int64, bit int) wireTap {
	return func(_ int, isUp bool, at int64, data []byte) []byte {
		if isUp == up && octet >= at && octet < at+int64(len(data)) {
			data[octet-at] ^= 1 << bit
		}
		return data
	}
}

// A flipped bit, wherever it is, cuts the link; nothing after it is delivered. Only those octets of the greeting
// that ZMTP leaves open may differ.
func TestCurveBitFlips(t *testing.T) {
	t.Parallel()
	for _, kind := range []linkKind{requests, responses} {
		for _, up := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, up %v", kind, up), func(t *testing.T) {
				t.Parallel()
				checkBitFlips(t, kind, up)
			})
		}
	}
}

func checkBitFlips(t *testing.T, kind linkKind, up bool) {
	is := is.New(t)
	var mu sync.Mutex
	var stream []byte
	f := runWireFlow(kind, wirePatience, func(_ int, isUp bool, _ int64, data []byte) []byte {
		mu.Lock()
		defer mu.Unlock()
		if isUp == up {
			stream = append(stream, data...)
		}
		return data
	})
	is.Equal(f.got, wireWords) // without a flip, all arrives
	parts := wireFrames(stream)
	is.True(len(parts) == 3 || len(parts) == 3+len(wireWords)) // greeting, two commands, the messages

	at, tried := 0, 0
	for part, octets := range parts {
		for i := range octets {
			head := part == 0 || i < longHdr+len("\x08INITIATE")+8 // header, name, nonce: every octet; of the box, some
			if kind == responses {
				head = head && i%4 == part%4 // the same frames the other way round: messages come from the binder
			}
			if head || i%17 == part || i == len(octets)-1 {
				tried++
				flip := wireFlip(up, int64(at+i), (at+i)%8)
				err := checkFlip(runWireFlow(kind, 200*time.Millisecond, flip), part)
				if err != nil { // was it too little time for an honest handshake?
					err = checkFlip(runWireFlow(kind, wirePatience/2, flip), part)
				}
				if err != nil {
					t.Fatalf("part %d, octet %d of %d, bit %d: %v", part, i, len(octets), (at+i)%8, err)
				}
			}
		}
		at += len(octets)
	}
	t.Logf("%d bits", tried)
}

func checkFlip(f wireFlow, part int) error {
	for i, words := range f.got {
		if words != wireWords[i] {
			return fmt.Errorf("%q was delivered", words)
		}
	}
	passed := f.errA == nil && f.errB == nil
	switch {
	case part == 0 && passed:
		if len(f.got) != len(wireWords) { // an octet that says nothing
			return fmt.Errorf("%d delivered, then %w", len(f.got), f.pullErr)
		}
	case part < 3 && (passed || len(f.got) > 0):
		return fmt.Errorf("the handshake passed, %q was delivered", f.got)
	case part >= 3 && !passed:
		return fmt.Errorf("the handshake failed: %w", errors.Join(f.errA, f.errB))
	case part >= 3 && len(f.got) > part-3:
		return fmt.Errorf("delivered %q", f.got)
	}
	return nil
}

// The same through a proxy on tcp, at one place of each kind: the peer is cut or never comes, others are served.
func TestCurveBitFlipsOverTCP(t *testing.T) {
	t.Parallel()
	const hello, initiate = greetingSize, greetingSize + 202
	for _, c := range []struct {
		name    string
		up      bool
		octet   int64
		connect bool // it comes that far
	}{
		{"the signature", true, 0, false},
		{"the binder's signature", false, 9, false},
		{"the version", true, 10, false},
		{"the mechanism", true, 12, false},
		{"the binder's mechanism", false, 15, false},
		{"HELLO's name", true, hello + 3, false},
		{"HELLO's version", true, hello + 8, false},
		{"HELLO's key", true, hello + 2 + 6 + 74, false},
		{"HELLO's nonce", true, hello + 2 + 6 + 74 + 32, false},
		{"HELLO's box", true, hello + 2 + 6 + 74 + 40 + 11, false},
		{"WELCOME's nonce", false, greetingSize + 2 + 8 + 3, false},
		{"WELCOME's box", false, greetingSize + 2 + 8 + 16 + 40, false},
		{"INITIATE's cookie", true, initiate + longHdr + 9 + 5, false},
		{"INITIATE's nonce", true, initiate + longHdr + 9 + 96 + 7, false},
		{"INITIATE's box", true, initiate + longHdr + 9 + 96 + 8 + 60, false},
		{"READY's box", false, greetingSize + 178 + 2 + 6 + 8 + 20, false},
		{"a message's header", true, initiate + 350, true},
		{"a message's name", true, initiate + 350 + 5, true},
		{"a message's nonce", true, initiate + 350 + 2 + 8 + 6, true},
		{"a message's box", true, initiate + 350 + 2 + 8 + 8 + 17, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			is := is.New(t)
			t.Parallel()
			l := wireListen(t, wireAddr(t, schemeTCP, "127.0.0.1"), Instance)
			flip := wireFlip(c.up, c.octet, 1)
			bent := Addr{wireProxy(t, l.addr.Requests, func(conn int, up bool, at int64, data []byte) []byte {
				if conn == 0 {
					return flip(conn, up, at, data)
				}
				return data
			}), wireProxy(t, l.addr.Responses, nil)}
			d := wireDial(t, bent, App)
			if c.connect {
				bound, dialled := l.peer(), d.peer()
				dialled.Send([]byte("words that must not arrive"))
				cause := wireRecv(t, bound.cause, "the end of the peer")
				is.True(errors.Is(cause, ErrProtocol) || errors.Is(cause, ErrFrameSize)) // cut, and why
				is.Equal(len(bound.got), 0)                                              // nothing was delivered
			} else {
				is.True(d.event(HandshakeFailed).Err != nil) // refused
				is.Equal(len(l.peers)+len(d.peers), 0)       // nobody came in
			}
			honest := wireDial(t, l.addr, App)
			honest.peer().say("honest")
			wireEventually(t, "an honest peer is served", func() bool { return l.heard("honest") })
		})
	}
}

// heard says whether one of the peers that came has brought these words.
func (n *wireEnd) heard(words string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, p := range n.all {
		select {
		case got := <-p.got:
			if string(got) == words {
				return true
			}
		default:
		}
	}
	return false
}

// A frame that passes twice is delivered once, and ends the link.
func TestCurveFrameReplayedInItsStream(t *testing.T) {
	is := is.New(t)
	t.Parallel()
	var stream []byte
	once := true
	f := runWireFlow(requests, wirePatience, func(_ int, up bool, _ int64, data []byte) []byte {
		if !up {
			return data
		}
		before := len(wireFrames(stream))
		stream = append(stream, data...)
		parts := wireFrames(stream)
		if len(parts) <= 3 || before > 3 || !once { // greeting, HELLO, INITIATE, and the first message
			return data
		}
		once = false
		return append(bytes.Join(parts[max(before, 3):4], nil), parts[3]...)
	})
	is.NoErr(f.errA)
	is.NoErr(f.errB)
	is.Equal(f.got, wireWords[:1])             // once
	is.True(errors.Is(f.pullErr, ErrProtocol)) // and no more
}

// What was captured on one connection opens no other: at the same endpoint, at the other one, of the other
// binder; whole, the other side's half, or one's HELLO with another's INITIATE.
func TestCurveCapturedConnections(t *testing.T) {
	is := is.New(t)
	t.Parallel()
	l := wireListen(t, wireAddr(t, schemeTCP, "127.0.0.1"), Instance)
	rec := newWireRecorder()
	proxied := wireProxied(t, l.addr, rec.tap)
	for range 2 {
		d := wireDial(t, proxied, App)
		bound, dialled := l.peer(), d.peer()
		wireTalk(t, bound, dialled)
		is.NoErr(d.close())
		dialled.Abort(nil)
		wireRecv(t, bound.cause, "the end")
	}
	turned := wireListen(t, wireAddr(t, schemeTCP, "127.0.0.1"), App) // the same secret, the other binder

	attacks := map[string][][]byte{}
	for _, kind := range []linkKind{requests, responses} {
		for conn := range 2 {
			for _, up := range []bool{true, false} {
				name := fmt.Sprintf("%s %d up %v", kind, conn, up)
				attacks[name] = wireFrames(rec.stream(wireStream{kind, conn, up}))
				is.True(len(attacks[name]) >= 3) // a whole handshake
			}
		}
		first, second := wireFrames(rec.stream(wireStream{kind, 0, true})), wireFrames(rec.stream(wireStream{kind, 1, true}))
		attacks["spliced "+kind.String()] = append(append([][]byte{}, first[:2]...), second[2:]...)
		server := wireFrames(rec.stream(wireStream{kind, 0, false}))
		attacks["both halves "+kind.String()] = append(append([][]byte{}, first[:2]...), server[2:]...)
	}
	var wait sync.WaitGroup
	errs := make(chan error, 100)
	for name, parts := range attacks {
		for _, to := range []Endpoint{l.addr.Requests, l.addr.Responses, turned.addr.Requests, turned.addr.Responses} {
			for _, patient := range []bool{true, false} {
				wait.Go(func() {
					if err := wireReplay(to, parts, patient); err != nil {
						errs <- fmt.Errorf("%s to %s: %w", name, to, err)
					}
				})
			}
		}
	}
	wait.Wait()
	close(errs)
	for err := range errs {
		t.Error(err)
	}
	is.Equal(len(l.peers)+len(turned.peers), 0) // nobody came in, so nothing was delivered
	d := wireDial(t, l.addr, App)
	wireTalk(t, l.peer(), d.peer()) // the binder lives
}

// wireReplay says again what was said once; patient, it waits for something after the greeting and after HELLO.
func wireReplay(to Endpoint, parts [][]byte, patient bool) error {
	c, err := net.Dial("tcp", to.hostPort())
	if err != nil {
		return err
	}
	defer c.Close()
	buf := make([]byte, 4096)
	for i, part := range parts {
		if _, err := c.Write(part); err != nil {
			break // cut off already
		}
		if patient && i < 2 {
			c.SetReadDeadline(time.Now().Add(wirePatience))
			if _, err := c.Read(buf); isTimeout(err) {
				return errors.New("neither answered nor cut off")
			}
		}
	}
	_, took, err := wireCut(c)
	if err == nil && took > handshakeTimeout+2*time.Second {
		err = fmt.Errorf("cut off after %v", took)
	}
	return err
}

// stranger is one who has no secret, or has it and breaks the rules.
type stranger struct {
	name string
	say  func(*stranger, net.Conn) // what it says; then it waits to be cut off
	in   bool                      // it holds the secret, and passes
}

func (s *stranger) words(b ...[]byte) func(*stranger, net.Conn) {
	return func(_ *stranger, c net.Conn) { c.Write(bytes.Join(b, nil)) }
}

// curveStrangers are those that a CURVE endpoint must bear; kind requests, at an instance that binds.
func curveStrangers() (all []stranger) {
	g := wireGreeting("CURVE")
	raw := func(name string, b ...[]byte) {
		all = append(all, stranger{name: name, say: new(stranger).words(b...)})
	}
	raw("silent")
	raw("one octet", []byte{0xff})
	raw("garbage", bytes.Repeat([]byte("\x00\x9e\x13garbage"), 1000))
	raw("0xff for ever", bytes.Repeat([]byte{0xff}, 1<<16))
	raw("HTTP", []byte("GET / HTTP/1.1\r\nHost: quartet\r\n\r\n"))
	raw("TLS", []byte("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"))
	raw("ZMTP 2", []byte("\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x01\x07\x00\x00"))
	raw("half a greeting", g[:40])
	raw("a greeting", g)
	raw("NULL", wireGreeting("NULL"), wireCommand("READY", appendProperty(nil, propSocketType, "PUSH")))
	raw("PLAIN", wireGreeting("PLAIN"), wireCommand("HELLO", []byte("\x09quartet/1\x05guess")))
	raw("CURVE in name", g, wireCommand("READY", appendProperty(nil, propSocketType, "PUSH")))
	raw("INITIATE first", g, wireCommand("INITIATE", make([]byte, curveInitiateLeast+40)))
	raw("MESSAGE first", g, append([]byte{0, 40}, "\x07MESSAGE\x00\x00\x00\x00\x00\x00\x00\x03........................"...))
	raw("an empty HELLO", g, wireCommand("HELLO", nil))
	raw("a short HELLO", g, wireCommand("HELLO", make([]byte, curveHelloSize-1)))
	raw("a long HELLO", g, wireCommand("HELLO", make([]byte, curveHelloSize+1)))
	raw("HELLO of zeros", g, wireCommand("HELLO", append([]byte{1, 0}, make([]byte, curveHelloSize-2)...)))
	raw("HELLO to another server", g, wireCommand("HELLO", curveHello(freshCurveKey().public, freshCurveKey())))
	raw("HELLO of another secret", g, wireCommand("HELLO", curveHello(wireSecret(9).curveKey(0, true, Instance, requests).public, freshCurveKey())))
	raw("HELLO of the other link", g, wireCommand("HELLO", curveHello(wireSecret(1).curveKey(0, true, Instance, responses).public, freshCurveKey())))
	raw("HELLO of the other binder", g, wireCommand("HELLO", curveHello(wireSecret(1).curveKey(0, true, App, requests).public, freshCurveKey())))
	raw("HELLO to the client key", g, wireCommand("HELLO", curveHello(wireSecret(1).curveKey(0, false, App, requests).public, freshCurveKey())))
	for i, text := range lowOrderPoints {
		point, _ := hex.DecodeString(text)
		raw(fmt.Sprint("low-order point ", i), g, wireCommand("HELLO", lowOrderHello([32]byte(point))))
	}
	raw("a command without end", g, []byte{flagCommand | flagLong, 0, 0, 0, 0, 0, 0, 0x10, 0})
	for _, claim := range []byte{0x7f, 0x40, 0x20} {
		raw(fmt.Sprintf("claims %#x00…", claim), g, []byte{flagLong, claim, 0, 0, 0, 0, 0, 0, 0})
		raw(fmt.Sprintf("claims %#x00… as a command", claim), g, []byte{flagCommand | flagLong, claim, 0, 0, 0, 0, 0, 0, 0})
	}
	raw("claims 2^35", g, []byte{flagLong, 0, 0, 0, 8, 0, 0, 0, 0})
	raw("endless MORE", g, bytes.Repeat([]byte{flagMore, 0}, 1<<15))
	raw("empty commands", g, bytes.Repeat([]byte{flagCommand, 0}, 1<<15))
	raw("empty messages", g, bytes.Repeat([]byte{0, 0}, 1<<15))
	raw("reserved flags", g, []byte{0xf8, 0})
	raw("ERROR", g, wireCommand("ERROR", []byte("\x03400")))
	raw("libzmq's ^RROR", g, append([]byte{flagCommand, 9}, "^RROR\x03400"...))
	raw("PING", g, wireCommand("PING", []byte("\x00\x1e")))
	all = append(all, stranger{name: "drips", say: func(_ *stranger, c net.Conn) {
		for _, octet := range append(g, wireCommand("HELLO", make([]byte, curveHelloSize))...) {
			if _, err := c.Write([]byte{octet}); err != nil {
				return
			}
			<-time.After(50 * time.Millisecond) // the most annoying pace: each octet a sign of life
		}
	}})
	return append(all, curveInsiders()...)
}

// curveInsiders hold the secret.
func curveInsiders() (all []stranger) {
	bent := func(name string, bend func(*bentCurve)) {
		all = append(all, stranger{name: name, say: func(_ *stranger, c net.Conn) {
			role := wireRole(wireSecret(1), requests, App, false)
			sec := &bentCurve{curve: wireCurve(role)}
			sec.meta = sec.metadata()
			bend(sec)
			wireOpen(c, sec, role)
		}})
	}
	bent("an unknown socket type", func(s *bentCurve) { s.meta = appendProperty(nil, propSocketType, "FOO") })
	bent("a draft socket type", func(s *bentCurve) { s.meta = appendProperty(nil, propSocketType, "SCATTER") })
	bent("no socket type", func(s *bentCurve) { s.meta = appendProperty(nil, propIdentity, "me") })
	bent("truncated metadata", func(s *bentCurve) { s.meta = []byte("\x0bSocket-Type\x00") })
	bent("metadata that claims 4 GiB", func(s *bentCurve) { s.meta = []byte("\x0bSocket-Type\xff\xff\xff\xffPUSH") })
	bent("a pair that is none", func(s *bentCurve) { s.meta = appendProperty(s.meta, propPair, "..") })
	bent("another client key", func(s *bentCurve) { s.clients[0] = freshCurveKey() })
	inside := func(name string, frames func(*curveSession) []byte) {
		all = append(all, stranger{name: name, in: true, say: func(_ *stranger, c net.Conn) {
			role := wireRole(wireSecret(1), requests, App, false)
			role.pair = newPair()
			sec := wireCurve(role)
			if _, err := wireOpen(c, sec, role); err == nil {
				c.Write(frames(sec.session))
			}
		}})
	}
	inside("comes alone", func(*curveSession) []byte { return nil })
	inside("claims 2^62 inside", func(*curveSession) []byte { return []byte{flagLong, 0x40, 0, 0, 0, 0, 0, 0, 0} })
	inside("garbage inside", func(*curveSession) []byte { return bytes.Repeat([]byte("garbage"), 1000) })
	inside("endless MORE inside", func(s *curveSession) (all []byte) {
		for range 1000 {
			all = s.seal(all, boxMore, nil)
		}
		return all
	})
	inside("a flood of PING", func(s *curveSession) (all []byte) {
		for range 1000 {
			all = s.seal(all, boxCommand, []byte("\x04PING\x00\x1e0123456789abcdef"))
		}
		return all
	})
	return all
}

// Each stranger is cut off in time, none gets in, and an honest peer is served all the while.
func TestCurveStrangersOverTCP(t *testing.T) {
	is := is.New(t)
	t.Parallel()
	l := wireListen(t, wireAddr(t, schemeTCP, "127.0.0.1"), Instance)
	d := wireDial(t, l.addr, App)
	bound, dialled := l.peer(), d.peer()
	served := make(chan struct{})
	var ended atomic.Bool
	go func() {
		defer close(served)
		for i := 0; !ended.Load(); i++ {
			wireTalkOnce(dialled, bound, i)
			wireTalkOnce(bound, dialled, i)
		}
	}()
	slowest, err := annoy(l.addr.Requests)
	is.NoErr(err)
	t.Logf("the most patient cut took %v", slowest)
	ended.Store(true)
	wireRecv(t, served, "the end of the honest talk")
	is.Equal(len(bound.cause)+len(dialled.cause), 0) // the honest peer lived through it
	is.Equal(len(l.peers), 0)                        // nobody else became a peer
	again := wireDial(t, l.addr, App)
	wireTalk(t, l.peer(), again.peer()) // a new one is served, too
}

func wireTalkOnce(from, to *wirePeer, i int) {
	from.SendWithin(wirePatience, fmt.Append(nil, i))
	select {
	case <-to.got:
	case <-time.After(wirePatience):
	}
}

// annoy sends every stranger, all at once, and waits until the last is cut off.
func annoy(to Endpoint) (slowest time.Duration, err error) {
	all := curveStrangers()
	took, errs := make([]time.Duration, len(all)), make([]error, len(all))
	var wait sync.WaitGroup
	for i, s := range all {
		wait.Go(func() { took[i], errs[i] = s.visit(to) })
	}
	wait.Wait()
	for _, t := range took {
		slowest = max(slowest, t)
	}
	return slowest, errors.Join(errs...)
}

// visit says what a stranger says, and waits for the end of the connection.
func (s *stranger) visit(to Endpoint) (took time.Duration, err error) {
	c, err := net.Dial("tcp", to.hostPort())
	if err != nil {
		return 0, err
	}
	defer c.Close()
	began := time.Now()
	c.SetDeadline(began.Add(wirePatience))
	s.say(s, c)
	_, _, err = wireCut(c)
	took = time.Since(began)
	limit := handshakeTimeout
	if s.in {
		limit += halfPairedLife
	}
	if err == nil && took > limit+2*time.Second {
		err = fmt.Errorf("cut off after %v", took)
	}
	if err != nil {
		return took, fmt.Errorf("%s: %w", s.name, err)
	}
	return took, nil
}

// A binder that is none: what a dialler bears.
func TestCurveHostileBinder(t *testing.T) {
	t.Parallel()
	g := wireGreeting("CURVE")
	for _, c := range []struct {
		name string
		say  []byte
	}{
		{"garbage", bytes.Repeat([]byte("garbage "), 100)},
		{"HTTP", []byte("HTTP/1.1 400 Bad Request\r\n\r\n")},
		{"NULL", append(wireGreeting("NULL"), wireCommand("READY", appendProperty(nil, propSocketType, "PULL"))...)},
		{"PLAIN", append(wireGreeting("PLAIN"), wireCommand("WELCOME", nil)...)},
		{"READY first", append(g[:64:64], wireCommand("READY", appendProperty(nil, propSocketType, "PULL"))...)},
		{"a short WELCOME", append(g[:64:64], wireCommand("WELCOME", make([]byte, 8))...)},
		{"WELCOME of zeros", append(g[:64:64], wireCommand("WELCOME", make([]byte, curveWelcomeSize))...)},
		{"a huge claim", append(g[:64:64], flagLong|flagCommand, 0x40, 0, 0, 0, 0, 0, 0, 0)},
		{"endless MORE", append(g[:64:64], bytes.Repeat([]byte{flagMore, 0}, 1000)...)},
	} {
		t.Run(c.name, func(t *testing.T) {
			is := is.New(t)
			t.Parallel()
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			is.NoErr(err)
			said := make(chan []byte, 1)
			go func() {
				conn, err := ln.Accept()
				if err != nil {
					return
				}
				conn.Write(c.say)
				all, _, _ := wireCut(conn)
				conn.Close()
				said <- all
				ln.Close()
			}()
			defer ln.Close()
			d := wireDial(t, Addr{Endpoint{schemeTCP, ln.Addr().String()}, Endpoint{schemeTCP, "127.0.0.1:1"}}, App)
			failed := d.event(HandshakeFailed).Err
			is.True(errors.Is(failed, ErrProtocol) || errors.Is(failed, ErrFrameSize) || errors.Is(failed, ErrHandshake)) // classified
			all := wireRecv(t, said, "what the dialler said")
			for _, word := range []string{"PUSH", "Socket-Type", "quartet", wireSecret(1).plainToken(0, App, requests)} {
				is.True(!strings.Contains(string(all), word)) // it said nothing to a stranger
			}
			is.Equal(len(d.peers), 0)
		})
	}
}

var _ zmq4.Security = (*bentCurve)(nil)
