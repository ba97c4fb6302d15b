package transport

import (
	"bytes"
	"crypto/rand"
	"crypto/subtle"
	"encoding/binary"
	"fmt"

	"github.com/go-zeromq/zmq4"
	"golang.org/x/crypto/nacl/box"
	"golang.org/x/crypto/nacl/secretbox"
)

// Sizes of CURVE's commands without their names (RFC 26).
const (
	curveHelloSize     = 2 + 72 + 32 + 8 + 64 + box.Overhead
	curveCookieSize    = 16 + secretbox.Overhead + 64
	curveWelcomeSize   = 16 + box.Overhead + 32 + curveCookieSize
	curveVouchSize     = 16 + box.Overhead + 64
	curveInitiateLeast = curveCookieSize + 8 + box.Overhead + 32 + curveVouchSize
)

// curve is the mechanism of tcp (RFC 25, 26). Both long-term keys are derived from the secret, so that
// only its holders pass, in either direction. State is kept per connection, not in the cookie: a captured
// handshake is of no use on another connection, whose short-term key is another.
type curve struct {
	security
	servers []curveKey // a binder's own, one for each secret; a dialler knows the one it expects
	clients []curveKey // a dialler's own is the first; a binder expects the one that goes with the server key

	swapped []curveKey // a binder's for the other kind of link, to name the mistake of a dialler

	session *curveSession
}

func (s *curve) Type() zmq4.SecurityType { return zmq4.CurveSecurity }

func (s *curve) Handshake(conn *zmq4.Conn, server bool) error {
	if server {
		return s.accept(conn)
	}
	return s.present(conn)
}

// present is the client's side.
func (s *curve) present(conn *zmq4.Conn) error {
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
	s.session = &curveSession{sendHead: "CurveZMQMESSAGEC", recvHead: "CurveZMQMESSAGES", sent: 2}
	if s.session.shared, err = sharedKey(peerShort, short.secret); err != nil {
		return err
	}
	if err := conn.SendCmd(zmq4.CmdInitiate, s.initiate(cookie, client, server.public, short, peerShort)); err != nil {
		return err
	}
	ready, err := expect(conn, zmq4.CmdReady)
	if err != nil {
		return err
	}
	if len(ready) < 8+box.Overhead {
		return fmt.Errorf("%w: a malformed READY", ErrProtocol)
	}
	s.session.received = binary.BigEndian.Uint64(ready)
	raw, ok := box.OpenAfterPrecomputation(nil, ready[8:], shortNonce("CurveZMQREADY---", s.session.received), &s.session.shared)
	if !ok {
		return fmt.Errorf("%w: READY: %w", ErrProtocol, errBox)
	}
	return s.takePeer(conn, raw)
}

func curveHello(server [32]byte, short curveKey) []byte {
	hello := make([]byte, 2+72, curveHelloSize)
	hello[0] = 1 // version 1.0
	hello = append(hello, short.public[:]...)
	hello = binary.BigEndian.AppendUint64(hello, 1)
	return box.Seal(hello, make([]byte, 64), shortNonce("CurveZMQHELLO---", 1), &server, &short.secret)
}

func openWelcome(welcome []byte, server [32]byte, short curveKey) (peerShort [32]byte, cookie []byte, err error) {
	if len(welcome) != curveWelcomeSize {
		return peerShort, nil, fmt.Errorf("%w: a malformed WELCOME", ErrProtocol)
	}
	plain, ok := box.Open(nil, welcome[16:], longNonce("WELCOME-", welcome[:16]), &server, &short.secret)
	if !ok {
		return peerShort, nil, fmt.Errorf("%w: WELCOME: %w", ErrProtocol, errBox)
	}
	return [32]byte(plain[:32]), plain[32:], nil
}

// initiate proves that the client has its long-term key, to this server and for this connection only.
func (s *curve) initiate(cookie []byte, client curveKey, server [32]byte, short curveKey, peerShort [32]byte) []byte {
	nonce := freshNonce()
	vouched := append(short.public[:], server[:]...)
	plain := append([]byte{}, client.public[:]...)
	plain = append(plain, nonce...)
	plain = box.Seal(plain, vouched, longNonce("VOUCH---", nonce), &peerShort, &client.secret)
	plain = append(plain, s.metadata()...)

	initiate := append([]byte{}, cookie...)
	initiate = binary.BigEndian.AppendUint64(initiate, 2)
	return box.SealAfterPrecomputation(initiate, plain, shortNonce("CurveZMQINITIATE", 2), &s.session.shared)
}

// accept is the server's side. What a client gets wrong about the keys is one and the same refusal.
func (s *curve) accept(conn *zmq4.Conn) error {
	hello, err := expect(conn, zmq4.CmdHello)
	if err != nil {
		return err
	}
	which, peerShort, err := s.openHello(hello)
	if err != nil {
		return refuse(conn, err)
	}
	s.key = which
	s.vouch()
	short, cookie := freshCurveKey(), make([]byte, curveCookieSize)
	rand.Read(cookie) // only this connection has to know it again
	if err := conn.SendCmd(zmq4.CmdWelcome, curveWelcome(s.servers[which], short, peerShort, cookie)); err != nil {
		return err
	}
	initiate, err := expect(conn, zmq4.CmdInitiate)
	if err != nil {
		return err
	}
	s.session = &curveSession{sendHead: "CurveZMQMESSAGES", recvHead: "CurveZMQMESSAGEC", sent: 1}
	if s.session.shared, err = sharedKey(peerShort, short.secret); err != nil {
		return refuse(conn, err)
	}
	raw, err := s.openInitiate(initiate, cookie, which, peerShort, short)
	if err != nil {
		return refuse(conn, err)
	}
	if err := s.takePeer(conn, raw); err != nil {
		return complain(conn, err)
	}
	ready := binary.BigEndian.AppendUint64(nil, s.session.sent)
	ready = box.SealAfterPrecomputation(ready, s.metadata(), shortNonce("CurveZMQREADY---", s.session.sent), &s.session.shared)
	return conn.SendCmd(zmq4.CmdReady, ready)
}

// openHello finds the secret that a client holds.
func (s *curve) openHello(hello []byte) (which int, peerShort [32]byte, err error) {
	if len(hello) != curveHelloSize || hello[0] != 1 || !allZero(hello[1:74]) { // minor version 0, and padding
		return 0, peerShort, fmt.Errorf("%w: a malformed HELLO", ErrProtocol)
	}
	peerShort = [32]byte(hello[74:106])
	for i := range s.servers {
		if ok, err := opensHello(hello, peerShort, s.servers[i]); ok || err != nil {
			return i, peerShort, err
		}
	}
	for i := range s.swapped {
		if ok, _ := opensHello(hello, peerShort, s.swapped[i]); ok {
			return 0, peerShort, errSwapped
		}
	}
	return 0, peerShort, ErrRefused
}

func opensHello(hello []byte, peerShort [32]byte, key curveKey) (bool, error) {
	shared, err := sharedKey(peerShort, key.secret)
	if err != nil {
		return false, err
	}
	nonce := shortNonce("CurveZMQHELLO---", binary.BigEndian.Uint64(hello[106:]))
	plain, ok := box.OpenAfterPrecomputation(nil, hello[114:], nonce, &shared)
	return ok && allZero(plain), nil
}

func allZero(b []byte) bool { return len(bytes.Trim(b, "\x00")) == 0 }

func curveWelcome(server, short curveKey, peerShort [32]byte, cookie []byte) []byte {
	nonce := freshNonce()
	plain := append(short.public[:], cookie...)
	return box.Seal(nonce, plain, longNonce("WELCOME-", nonce), &peerShort, &server.secret)
}

// openInitiate checks the client's proof and returns its metadata.
func (s *curve) openInitiate(initiate, cookie []byte, which int, peerShort [32]byte, short curveKey) ([]byte, error) {
	if len(initiate) < curveInitiateLeast || subtle.ConstantTimeCompare(initiate[:curveCookieSize], cookie) != 1 {
		return nil, fmt.Errorf("%w: a malformed INITIATE", ErrProtocol)
	}
	initiate = initiate[curveCookieSize:]
	s.session.received = binary.BigEndian.Uint64(initiate)
	plain, ok := box.OpenAfterPrecomputation(nil, initiate[8:], shortNonce("CurveZMQINITIATE", s.session.received), &s.session.shared)
	if !ok {
		return nil, fmt.Errorf("%w: INITIATE: %w", ErrProtocol, errBox)
	}
	client, nonce, vouch := plain[:32], plain[32:48], plain[48:32+curveVouchSize]
	if subtle.ConstantTimeCompare(client, s.clients[which].public[:]) != 1 {
		return nil, ErrRefused
	}
	vouched, ok := box.Open(nil, vouch, longNonce("VOUCH---", nonce), &s.clients[which].public, &short.secret)
	want := append(peerShort[:], s.servers[which].public[:]...)
	if !ok || subtle.ConstantTimeCompare(vouched, want) != 1 {
		return nil, fmt.Errorf("%w: a false vouch", ErrRefused)
	}
	return plain[32+curveVouchSize:], nil
}

func longNonce(head string, tail []byte) *[24]byte {
	var nonce [24]byte
	copy(nonce[:8], head)
	copy(nonce[8:], tail)
	return &nonce
}

func freshNonce() []byte {
	nonce := make([]byte, 16)
	rand.Read(nonce)
	return nonce
}

func freshCurveKey() curveKey {
	var secret [32]byte
	rand.Read(secret[:])
	return newCurveKey(secret)
}
