package transport

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"
	"github.com/matryer/is"
	"golang.org/x/crypto/nacl/box"
)

// The vectors come from Python's hmac and hashlib (HKDF-SHA256, no salt) and libzmq's zmq_curve_public, for the key
// 00 01 02 … 1f.
func TestCurveKeyVectors(t *testing.T) {
	is := is.New(t)
	t.Parallel()
	s, err := ParseSecret([]byte("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"))
	is.NoErr(err)
	for _, v := range []struct {
		server         bool
		side           Side
		kind           linkKind
		secret, public string
	}{
		{true, App, requests, "91cc8748ca0069c468bac3b188609857d2acd612f3d1d80fa4f314a7ff30d506", "8b774ccca4b717e82860bd56b2cc9bddfcbd5ab75113f6493d1a8955c922b847"},
		{true, App, responses, "81e6b959f0990a56561fc8f0b0f2a925827a8d782d64527d26de17358a7956d1", "a3a6c7c2b80109128cb7a13b2401fb37fb51b7e3daad560b609cf8f156cceb57"},
		{true, Instance, requests, "09db16b425737081031199ada7ed2509c05ecc0d6ab29aaa0bf18f6e77245fde", "9515c59278c85be2ff2ea15338109b287bdf466a43e508b4fc6d850e6c60f200"},
		{true, Instance, responses, "f873971d84c968fff0c8280f31b14f87a73fb9c16092aa9104efe37eeed024a4", "612d6bd5691d3622bccca2e1867dfd9333cd2146a7ce06536eaf71e65e0ac549"},
		{false, App, requests, "a28a491961df0beec778fc9ea7867d61cef86150ab1164177e5e6232ff57cc4f", "7992f18b3dd6405adefc769f891164d9bf8a9b7694a712c81a369be5ef691d31"},
		{false, App, responses, "3aac15b5e957680c23d099c3292b8d91ca35051482366353777d5929b444ff83", "3aaa043b5ab20416bb94fb0a2b841ac8a44725668dc5c3dfcae654c8936ba243"},
		{false, Instance, requests, "2b7967bac8dbc0a3b589d4ab04f9a662a1f7e791332dd15fa446af89aa02b470", "278dd75413c88953c172d50915d2ccc0ac59417c9b93daaa9afdd219e814e333"},
		{false, Instance, responses, "0dd77eb79f926217747ee3d18d758be2a3adf198e66052b690bb06a6062273ba", "1de4405d4ca74b8d5797518c88e39c6e4b8414add56fc8826c7fb294e75c160b"},
	} {
		k := s.curveKey(0, v.server, v.side, v.kind)
		is.Equal(hex.EncodeToString(k.secret[:]), v.secret) // the derivation
		is.Equal(hex.EncodeToString(k.public[:]), v.public) // its public key
	}
}

func TestCurveEveryDerivedKeyIsAnother(t *testing.T) {
	is := is.New(t)
	t.Parallel()
	s := wireSecret(1, 2)
	seen := map[string]string{}
	note := func(what string, key []byte) {
		is.Equal(seen[string(key)], "") // nothing else has this key
		seen[string(key)] = what
	}
	for key := range s.keys {
		note("the secret", s.keys[key].raw())
		for _, side := range []Side{App, Instance} {
			for _, kind := range []linkKind{requests, responses} {
				what := fmt.Sprint(key, side, kind)
				token, err := hex.DecodeString(s.plainToken(key, side, kind))
				is.NoErr(err)
				note("plain "+what, token)
				for _, server := range []bool{true, false} {
					k := s.curveKey(key, server, side, kind)
					note(fmt.Sprint("curve ", server, what), k.secret[:])
					note(fmt.Sprint("curve public ", server, what), k.public[:])
				}
			}
		}
	}
}

// The box of a session is NaCl's, made faster by computing the shared key once.
func TestCurveSharedKeyIsNaCls(t *testing.T) {
	is := is.New(t)
	t.Parallel()
	a, b := freshCurveKey(), freshCurveKey()
	var want [32]byte
	box.Precompute(&want, &b.public, &a.secret)
	got, err := sharedKey(b.public, a.secret)
	is.NoErr(err)
	is.Equal(got, want)
	got, err = sharedKey(a.public, b.secret)
	is.NoErr(err)
	is.Equal(got, want) // the same from the other side
}

func TestCurveRolesAndLinks(t *testing.T) {
	t.Parallel()
	for _, binder := range []Side{App, Instance} {
		for _, kind := range []linkKind{requests, responses} {
			t.Run(fmt.Sprintf("%s, the %s binds", kind, binder), func(t *testing.T) {
				is := is.New(t)
				t.Parallel()
				s := wireSecret(7)
				a, b := newPipe()
				dl, bl, errA, errB := wireShake(t.Context(), a, b, wireRole(s, kind, binder.other(), false), wireRole(s, kind, binder, true))
				is.NoErr(errA)
				is.NoErr(errB)
				defer dl.discard(nil)
				defer bl.discard(nil)
				is.Equal(bl.pair, dl.pair)                        // the metadata came
				is.True(bl.pair != "")                            // with the pair
				is.Equal(dl.key, s.keys[0])                       // admitted by the secret
				is.Equal(bl.key, s.keys[0])                       // on both sides
				is.Equal(dl.fc.box.shared, bl.fc.box.shared)      // one key for this connection
				is.Equal(dl.fc.box.sendHead, bl.fc.box.recvHead)  // each direction has nonces of its own
				is.True(dl.fc.box.sendHead != dl.fc.box.recvHead) // so that nothing can be reflected
				is.Equal(dl.fc.box.sent, bl.fc.box.received)      // both count alike
				is.Equal(bl.fc.box.sent, dl.fc.box.received)      // in each direction
			})
		}
	}
}

func TestCurveConnectionsShareNoKey(t *testing.T) {
	is := is.New(t)
	t.Parallel()
	seen := map[[32]byte]bool{}
	for range 8 {
		a, b := newPipe()
		dl, bl, errA, errB := wireShake(t.Context(), a, b, wireRole(wireSecret(7), requests, App, false), wireRole(wireSecret(7), requests, Instance, true))
		is.NoErr(errA)
		is.NoErr(errB)
		is.True(!seen[dl.fc.box.shared]) // a key that no connection had
		seen[dl.fc.box.shared] = true
		dl.discard(nil)
		bl.discard(nil)
	}
}

func TestCurveKeysAreNotInterchangeable(t *testing.T) {
	t.Parallel()
	s := wireSecret(1)
	for _, c := range []struct {
		name            string
		dialler, binder endpointRole
	}{
		{"another secret", wireRole(wireSecret(2), requests, App, false), wireRole(s, requests, Instance, true)},
		{"the other link", wireRole(s, responses, Instance, false), wireRole(s, requests, Instance, true)},
		{"the other link, the app binds", wireRole(s, requests, App, false), wireRole(s, responses, App, true)},
		{"the same side", wireRole(s, requests, Instance, false), wireRole(s, requests, Instance, true)},
		{"the same side, the app binds", wireRole(s, requests, App, false), wireRole(s, requests, App, true)},
		{"the other binder", wireRole(s, requests, App, false), wireRole(s, requests, App, true)},
	} {
		t.Run(c.name, func(t *testing.T) {
			is := is.New(t)
			t.Parallel()
			a, b := newPipe()
			_, _, errA, errB := wireShake(t.Context(), a, b, c.dialler, c.binder)
			is.True(errors.Is(errA, ErrRefused)) // the dialler is told
			is.True(errors.Is(errB, ErrRefused)) // the binder knows
		})
	}
}

// wireCurve is the mechanism of a role, to be bent by a test.
func wireCurve(r endpointRole) *curve {
	sec, _ := r.mechanism()
	return sec.(*curve)
}

// bentCurve is a client that knows the server's key and lies about the rest.
type bentCurve struct {
	*curve
	vouch func(short, server, peerShort [32]byte, client curveKey) (vouched []byte, to, by [32]byte)
	meta  []byte
}

func (s *bentCurve) Handshake(conn *zmq4.Conn, _ bool) error {
	server, client, short := s.servers[0], s.clients[0], freshCurveKey()
	if err := conn.SendCmd(zmq4.CmdHello, curveHello(server.public, short)); err != nil {
		return err
	}
	welcome, err := expect(conn, zmq4.CmdWelcome)
	if err != nil {
		return err
	}
	peerShort, cookie, err := openWelcome(welcome, server.public, short)
	if err != nil {
		return err
	}
	shared, err := sharedKey(peerShort, short.secret)
	if err != nil {
		return err
	}
	vouched, to, by := append(short.public[:], server.public[:]...), peerShort, client.secret
	if s.vouch != nil {
		vouched, to, by = s.vouch(short.public, server.public, peerShort, client)
	}
	nonce := freshNonce()
	plain := append(append([]byte{}, client.public[:]...), nonce...)
	plain = box.Seal(plain, vouched, longNonce("VOUCH---", nonce), &to, &by)
	plain = append(plain, s.meta...)
	body := append(append([]byte{}, cookie...), 0, 0, 0, 0, 0, 0, 0, 2)
	body = box.SealAfterPrecomputation(body, plain, shortNonce("CurveZMQINITIATE", 2), &shared)
	if err := conn.SendCmd(zmq4.CmdInitiate, body); err != nil {
		return err
	}
	_, err = expect(conn, zmq4.CmdReady)
	return err
}

func TestCurveVouch(t *testing.T) {
	t.Parallel()
	other := freshCurveKey()
	type key = [32]byte
	for _, c := range []struct {
		name  string
		bend  func(*bentCurve)
		wants error
	}{
		{"an honest one", func(*bentCurve) {}, nil},
		{"another client key", func(s *bentCurve) { s.clients[0] = other }, ErrRefused},
		{"the client's public key without the secret one", func(s *bentCurve) { s.clients[0].secret = other.secret }, ErrRefused},
		{"a vouch for another connection", func(s *bentCurve) {
			s.vouch = func(_, server, peerShort key, client curveKey) ([]byte, key, key) {
				return append(other.public[:], server[:]...), peerShort, client.secret
			}
		}, ErrRefused},
		{"a vouch for another server", func(s *bentCurve) {
			s.vouch = func(short, _, peerShort key, client curveKey) ([]byte, key, key) {
				return append(short[:], other.public[:]...), peerShort, client.secret
			}
		}, ErrRefused},
		{"a vouch to the server's long-term key", func(s *bentCurve) {
			s.vouch = func(short, server, _ key, client curveKey) ([]byte, key, key) {
				return append(short[:], server[:]...), server, client.secret
			}
		}, ErrRefused},
		{"no metadata", func(s *bentCurve) { s.meta = nil }, ErrProtocol},
		{"truncated metadata", func(s *bentCurve) { s.meta = s.meta[:len(s.meta)-1] }, ErrProtocol},
		{"an unknown socket type", func(s *bentCurve) { s.meta = appendProperty(nil, propSocketType, "SCATTER") }, ErrProtocol},
		{"the same socket type", func(s *bentCurve) { s.meta = appendProperty(nil, propSocketType, "PULL") }, ErrProtocol},
	} {
		t.Run(c.name, func(t *testing.T) {
			is := is.New(t)
			t.Parallel()
			dialler, binder := wireRole(wireSecret(1), requests, App, false), wireRole(wireSecret(1), requests, Instance, true)
			sec := &bentCurve{curve: wireCurve(dialler)}
			sec.socketType = zmq4.Push
			sec.meta = sec.metadata()
			c.bend(sec)
			a, b := newPipe()
			done := make(chan error, 1)
			go func() {
				_, err := wireOpen(b, wireCurve(binder), binder)
				b.Close()
				done <- err
			}()
			wireOpen(a, sec, dialler)
			a.Close()
			err := wireRecv(t, done, "the binder's verdict")
			if c.wants == nil {
				is.True(!errors.Is(err, ErrRefused) && !errors.Is(err, ErrProtocol)) // it passes
				return
			}
			is.True(errors.Is(err, c.wants)) // it does not
		})
	}
}

// lowOrderPoints are those of curve25519, each of which makes a shared key that everybody knows.
var lowOrderPoints = []string{
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
	"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"0000000000000000000000000000000000000000000000000000000000000080",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
}

// lowOrderHello needs no key: the shared key is that of the point, whatever the server's.
func lowOrderHello(point [32]byte) []byte {
	var key, zero [32]byte
	box.Precompute(&key, &point, &zero) // 0 or not, the product is 0
	hello := make([]byte, 2+72, curveHelloSize)
	hello[0] = 1
	hello = append(hello, point[:]...)
	hello = append(hello, 0, 0, 0, 0, 0, 0, 0, 1)
	return box.SealAfterPrecomputation(hello, make([]byte, 64), shortNonce("CurveZMQHELLO---", 1), &key)
}

func TestCurveLowOrderPoints(t *testing.T) {
	is := is.New(t)
	t.Parallel()
	server := wireCurve(wireRole(wireSecret(1), requests, Instance, true))
	for _, text := range lowOrderPoints {
		raw, err := hex.DecodeString(text)
		is.NoErr(err)
		_, err = sharedKey([32]byte(raw), freshCurveKey().secret)
		is.True(errors.Is(err, ErrProtocol)) // never a shared key
		_, _, err = server.openHello(lowOrderHello([32]byte(raw)))
		is.True(errors.Is(err, ErrProtocol)) // and not even a WELCOME
	}
}

func TestCurveTwoSecrets(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		binder  Secret
		dialler Secret
		at      int // which of the dialler's
		ok      bool
	}{
		{wireSecret(1, 2), wireSecret(1), 0, true},
		{wireSecret(1, 2), wireSecret(2), 0, true},
		{wireSecret(2, 1), wireSecret(1), 0, true},
		{wireSecret(2, 1), wireSecret(1, 2), 1, true},
		{wireSecret(1, 2), wireSecret(3), 0, false},
		{wireSecret(1), wireSecret(1, 2), 1, false},
		{wireSecret(1), wireSecret(2, 1), 1, true},
	} {
		t.Run(fmt.Sprint(len(c.binder.keys), len(c.dialler.keys), c.at, c.ok), func(t *testing.T) {
			is := is.New(t)
			t.Parallel()
			dialler := wireRole(c.dialler, responses, Instance, false)
			dialler.key = c.at
			a, b := newPipe()
			dl, bl, errA, errB := wireShake(t.Context(), a, b, dialler, wireRole(c.binder, responses, App, true))
			if !c.ok {
				is.True(errors.Is(errA, ErrRefused) && errors.Is(errB, ErrRefused)) // on both sides
				return
			}
			is.NoErr(errA)
			is.NoErr(errB)
			defer dl.discard(nil)
			defer bl.discard(nil)
			is.Equal(dl.key, c.dialler.keys[c.at]) // by which it was admitted
			is.Equal(bl.key, dl.key)               // both know
		})
	}
}

func TestCurveRotationOverTCP(t *testing.T) {
	is := is.New(t)
	t.Parallel()
	l := wireListen(t, wireAddr(t, schemeTCP, "127.0.0.1"), Instance)
	d := wireDial(t, l.addr, App)
	old := l.peer()
	oldDialled := d.peer()
	wireTalk(t, old, oldDialled)

	l.secret(wireSecret(1, 2)) // add
	d.secret(wireSecret(1, 2))
	is.True(old.AdmittedBy(wireSecret(1, 2))) // it may stay
	l.secret(wireSecret(2, 1))                // swap
	d.secret(wireSecret(2, 1))
	is.True(old.AdmittedBy(wireSecret(2, 1))) // still
	l.secret(wireSecret(2))                   // remove
	d.secret(wireSecret(2))
	is.True(!old.AdmittedBy(wireSecret(2)))        // it may not
	is.True(!oldDialled.AdmittedBy(wireSecret(2))) // on either side
	wireTalk(t, old, oldDialled)                   // but it is not cut: it has answers to bring

	oldDialled.Retire()
	fresh, freshDialled := l.peer(), d.peer() // dialled beside it
	wireTalk(t, fresh, freshDialled)
	is.True(fresh.AdmittedBy(wireSecret(2)))

	late := wireDial(t, l.addr, App, func(c *Config) { c.Secret = wireSecret(1) })
	is.True(errors.Is(late.event(HandshakeFailed).Err, ErrRefused)) // the old one does not open any more
}

func TestCurveWrongSecret(t *testing.T) {
	t.Parallel()
	for _, binder := range []Side{App, Instance} {
		t.Run("the "+binder.String()+" binds", func(t *testing.T) {
			is := is.New(t)
			t.Parallel()
			l := wireListen(t, wireAddr(t, schemeTCP, "127.0.0.1"), binder)
			d := wireDial(t, l.addr, binder.other(), func(c *Config) { c.Secret = wireSecret(2) })
			is.True(errors.Is(d.event(HandshakeFailed).Err, ErrRefused)) // the dialler is told why
			is.Equal(d.event(Retrying).Next, redialRefused)              // and waits 5 s
			is.True(errors.Is(l.event(HandshakeFailed).Err, ErrRefused)) // the binder knows, too
			is.Equal(len(l.peers)+len(d.peers), 0)                       // nobody came in

			d.secret(wireSecret(1)) // the right one
			began := time.Now()
			wireTalk(t, l.peer(), d.peer())
			is.True(time.Since(began) < redialRefused-time.Second) // is tried at once
		})
	}
}

func TestCurveSizes(t *testing.T) {
	t.Parallel()
	sizes := []int{1, 2, 222, 223, 224, 254, 255, 256, 65535 - curveOverhead, 65536 - curveOverhead, 65536, 65537, 1 << 20, DefaultMaxFrame}
	for _, binder := range []Side{App, Instance} {
		t.Run("the "+binder.String()+" binds", func(t *testing.T) {
			is := is.New(t)
			t.Parallel()
			bound, dialled := wirePair(t, schemeTCP, "127.0.0.1", binder)
			for _, way := range [][2]*wirePeer{{bound, dialled}, {dialled, bound}} {
				var sent [][]byte
				for _, size := range sizes {
					frame := make([]byte, size)
					rand.Read(frame)
					sent = append(sent, frame)
					is.NoErr(way[0].SendWithin(wirePatience, frame))
				}
				for _, frame := range sent {
					is.True(bytes.Equal([]byte(way[1].next()), frame)) // whole, and in order
				}
				_, err := way[0].Send(make([]byte, DefaultMaxFrame+1))
				is.True(errors.Is(err, ErrFrameSize)) // one octet more is too much
			}
			wireTalk(t, bound, dialled) // and nothing broke
		})
	}
}

func TestCurveManyMessages(t *testing.T) {
	is := is.New(t)
	t.Parallel()
	bound, dialled := wirePair(t, schemeTCP, "127.0.0.1", Instance)
	const n = 1000
	for _, way := range [][2]*wirePeer{{bound, dialled}, {dialled, bound}} {
		for i := range n {
			way[0].say(fmt.Sprint("message ", i))
		}
		for i := range n {
			is.Equal(way[1].next(), fmt.Sprint("message ", i)) // each once, in order
		}
	}
}

// A larger frame than the receiver takes is refused by its header, before its body is read.
func TestCurveFrameLimit(t *testing.T) {
	is := is.New(t)
	t.Parallel()
	l := wireListen(t, wireAddr(t, schemeTCP, "127.0.0.1"), Instance, func(c *Config) { c.MaxFrame = 1000 })
	d := wireDial(t, l.addr, App)
	bound, dialled := l.peer(), d.peer()
	dialled.say(strings.Repeat("x", 1000))
	is.Equal(len(bound.next()), 1000) // just right
	dialled.say(strings.Repeat("x", 1001))
	is.True(errors.Is(wireRecv(t, bound.cause, "the end"), ErrFrameSize)) // one too many
}

func TestCurveHeartbeats(t *testing.T) {
	is := is.New(t)
	t.Parallel()
	const interval, dead = 20 * time.Millisecond, 400 * time.Millisecond
	beat := func(c *Config) { c.Heartbeat, c.Dead = interval, dead }
	l := wireListen(t, wireAddr(t, schemeTCP, "127.0.0.1"), Instance, beat)
	rec := newWireRecorder()
	var cut atomic.Bool
	proxied := wireProxied(t, l.addr, func(kind linkKind) wireTap {
		record := rec.tap(kind)
		return func(conn int, up bool, at int64, data []byte) []byte {
			if cut.Load() {
				return nil
			}
			return record(conn, up, at, data)
		}
	})
	d := wireDial(t, proxied, App, beat)
	bound, dialled := l.peer(), d.peer()
	wireTalk(t, bound, dialled)
	for _, kind := range []linkKind{requests, responses} {
		for _, up := range []bool{true, false} {
			s := wireStream{kind, 0, up}
			before := len(wireFrames(rec.stream(s)))
			wireEventually(t, "heartbeats, both ways on both links", func() bool { return len(wireFrames(rec.stream(s))) >= before+15 })
			is.True(!bytes.Contains(rec.stream(s), []byte("PING"))) // inside the boxes
			is.True(!bytes.Contains(rec.stream(s), []byte("PONG")))
		}
	}
	is.Equal(len(bound.cause)+len(dialled.cause), 0) // an idle peer lives
	wireTalk(t, bound, dialled)

	cut.Store(true)
	one, other := wireRecv(t, bound.cause, "the end"), wireRecv(t, dialled.cause, "the end")
	is.True(errors.Is(one, ErrPeerSilent) || errors.Is(other, ErrPeerSilent)) // a silent one does not
	for _, cause := range []error{one, other} {
		is.True(errors.Is(cause, ErrPeerSilent) || errors.Is(cause, ErrPeerGone)) // who sees it first closes
	}
}

// wireSessions are the two ends of one encrypted connection.
func wireSessions() (client, server *curveSession) {
	var shared [32]byte
	shared[0] = 1
	return &curveSession{shared: shared, sendHead: "CurveZMQMESSAGEC", recvHead: "CurveZMQMESSAGES", sent: 2, received: 1},
		&curveSession{shared: shared, sendHead: "CurveZMQMESSAGES", recvHead: "CurveZMQMESSAGEC", sent: 1, received: 2}
}

// wireBody takes the header off a frame.
func wireBody(frame []byte) []byte {
	if frame[0]&flagLong != 0 {
		return frame[longHdr:]
	}
	return frame[shortHdr:]
}

func TestCurveBoxes(t *testing.T) {
	t.Parallel()
	client, server := wireSessions()
	first := wireBody(client.seal(nil, 0, []byte("first")))
	second := wireBody(client.seal(nil, boxCommand, []byte("second")))
	t.Run("open once, in order", func(t *testing.T) {
		is := is.New(t)
		flags, body, err := server.open(first)
		is.NoErr(err)
		is.Equal(flags, byte(0))
		is.Equal(string(body), "first")
		_, _, err = server.open(first)
		is.True(errors.Is(err, ErrProtocol)) // a replay
		flags, body, err = server.open(second)
		is.NoErr(err)
		is.Equal(flags, byte(boxCommand)) // the flags are inside
		is.Equal(string(body), "second")
		_, _, err = server.open(first)
		is.True(errors.Is(err, ErrProtocol)) // an older one
	})
	t.Run("are not opened by who sealed them", func(t *testing.T) {
		is := is.New(t)
		_, _, err := client.open(wireBody(client.seal(nil, 0, []byte("mine"))))
		is.True(errors.Is(err, ErrProtocol)) // reflected
	})
	t.Run("do not open with any bit flipped", func(t *testing.T) {
		is := is.New(t)
		frame := wireBody(client.seal(nil, 0, []byte("a body")))
		for bit := range len(frame) * 8 {
			bent := bytes.Clone(frame)
			bent[bit/8] ^= 1 << (bit % 8)
			received := server.received
			_, _, err := server.open(bent)
			is.True(errors.Is(err, ErrProtocol)) // never
			is.Equal(server.received, received)  // and a forged nonce does not count
		}
		_, body, err := server.open(frame)
		is.NoErr(err)
		is.Equal(string(body), "a body") // but the true one does
	})
	t.Run("do not open when cut short", func(t *testing.T) {
		is := is.New(t)
		frame := wireBody(client.seal(nil, 0, nil))
		for n := range frame {
			_, _, err := server.open(frame[:n])
			is.True(errors.Is(err, ErrProtocol))
		}
	})
	t.Run("never share a nonce", func(t *testing.T) {
		is := is.New(t)
		seen := map[string]bool{}
		for range 1000 {
			nonce := string(wireBody(client.seal(nil, 0, nil))[len(curveMessage):][:curveNonce])
			is.True(!seen[nonce]) // by one side
			seen[nonce] = true
		}
	})
}

// What an authenticated peer may not put into a box.
func TestCurveInsideTheBox(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		frame func(*curveSession) []byte
		wants error
	}{
		{"MORE", func(s *curveSession) []byte { return s.seal(nil, boxMore, []byte("x")) }, ErrProtocol},
		{"a reserved flag", func(s *curveSession) []byte { return s.seal(nil, 0x4, []byte("\x04PING\x00\x00")) }, ErrProtocol},
		{"an empty message", func(s *curveSession) []byte { return s.seal(nil, 0, nil) }, ErrProtocol},
		{"an empty command", func(s *curveSession) []byte { return s.seal(nil, boxCommand, nil) }, ErrProtocol},
		{"a command without a name", func(s *curveSession) []byte { return s.seal(nil, boxCommand, []byte{9, 'x'}) }, ErrProtocol},
		{"PING without a TTL", func(s *curveSession) []byte { return s.seal(nil, boxCommand, []byte("\x04PING")) }, ErrProtocol},
		{"a large command", func(s *curveSession) []byte { return s.seal(nil, boxCommand, make([]byte, maxCmdAfter+1)) }, ErrFrameSize},
		{"a huge claim", func(*curveSession) []byte { return []byte{flagLong, 0x40, 0, 0, 0, 0, 0, 0, 0} }, ErrFrameSize},
		{"no box", func(*curveSession) []byte { return append([]byte{0, 7}, "message"...) }, ErrProtocol},
		{"an empty frame", func(*curveSession) []byte { return []byte{0, 0} }, ErrProtocol},
		{"a command frame outside", func(*curveSession) []byte { return wireCommand("PING", []byte{0, 0}) }, ErrProtocol},
		{"MORE outside", func(s *curveSession) []byte { f := s.seal(nil, 0, []byte("x")); f[0] |= flagMore; return f }, ErrProtocol},
		{"a plain message", func(*curveSession) []byte { return append([]byte{0, 50}, make([]byte, 50)...) }, ErrProtocol},
	} {
		t.Run(c.name, func(t *testing.T) {
			is := is.New(t)
			t.Parallel()
			a, b := newPipe()
			dl, bl, errA, errB := wireShake(t.Context(), a, b, wireRole(wireSecret(1), requests, App, false), wireRole(wireSecret(1), requests, Instance, true))
			is.NoErr(errA)
			is.NoErr(errB)
			defer dl.discard(nil)
			delivered := 0
			bl.start(Config{Heartbeat: -1}.withDefaults(), func(Message) { delivered++ })
			_, err := a.Write(c.frame(dl.fc.box))
			is.NoErr(err)
			wireRecv(t, bl.done, "the end of the link")
			is.True(errors.Is(bl.err, c.wants)) // the reason
			is.Equal(delivered, 0)
		})
	}
}

// An unknown command is a sign of life and nothing else; PING is answered with what it carries, inside a box.
func TestCurvePing(t *testing.T) {
	is := is.New(t)
	t.Parallel()
	a, b := newPipe()
	dl, bl, errA, errB := wireShake(t.Context(), a, b, wireRole(wireSecret(1), requests, App, false), wireRole(wireSecret(1), requests, Instance, true))
	is.NoErr(errA)
	is.NoErr(errB)
	defer dl.discard(nil)
	got := make(chan Message, 1)
	bl.start(Config{Heartbeat: -1}.withDefaults(), func(m Message) { got <- m })
	frames := dl.fc.box.seal(nil, boxCommand, []byte("\x07UNKNOWN what"))
	frames = dl.fc.box.seal(frames, boxCommand, []byte("\x04PING\x00\x1eecho"))
	frames = dl.fc.box.seal(frames, 0, []byte("a message"))
	_, err := a.Write(frames)
	is.NoErr(err)
	is.Equal(string(wireRecv(t, got, "the message").Frame), "a message") // after both
	h, err := dl.fc.header()
	is.NoErr(err)
	dl.fc.r += h.length
	frame := make([]byte, h.size)
	is.NoErr(dl.fc.readFull(frame))
	flags, body, err := dl.fc.box.open(frame)
	is.NoErr(err)
	is.Equal(flags, byte(boxCommand))
	is.Equal(string(body), "\x04PONGecho")
	bl.fail(ErrClosed)
	<-bl.done
}

// The end of a context ends a handshake that hangs, on either side.
func TestCurveHandshakeEndsWithItsContext(t *testing.T) {
	t.Parallel()
	for _, binds := range []bool{true, false} {
		t.Run(fmt.Sprint("binds ", binds), func(t *testing.T) {
			is := is.New(t)
			t.Parallel()
			a, b := newPipe()
			defer b.Close()
			ctx, cancel := context.WithCancelCause(t.Context())
			cancel(ErrClosed)
			_, err := handshake(ctx, a, wireRole(wireSecret(1), requests, App, binds), Config{}.withDefaults())
			is.True(errors.Is(err, ErrClosed)) // its cause
		})
	}
}
