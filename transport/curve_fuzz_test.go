package transport

import (
	"bytes"
	"context"
	"io"
	"net"
	"testing"
	"testing/cryptotest"
	"time"

	"github.com/go-zeromq/zmq4"
	"golang.org/x/crypto/nacl/box"
)

// wireScript is a connection whose other end says what a script says and then leaves. The script may be
// extended by what is written to it.
type wireScript struct {
	in    bytes.Reader
	reply func(written []byte) []byte // nil: none
}

func (c *wireScript) Read(p []byte) (int, error) { return c.in.Read(p) }

func (c *wireScript) Write(p []byte) (int, error) {
	if c.reply != nil {
		rest, _ := io.ReadAll(&c.in)
		c.in.Reset(append(rest, c.reply(p)...))
	}
	return len(p), nil
}

func (c *wireScript) Close() error                     { return nil }
func (c *wireScript) LocalAddr() net.Addr              { return inprocAddr("") }
func (c *wireScript) RemoteAddr() net.Addr             { return inprocAddr("") }
func (c *wireScript) SetDeadline(time.Time) error      { return nil }
func (c *wireScript) SetReadDeadline(time.Time) error  { return nil }
func (c *wireScript) SetWriteDeadline(time.Time) error { return nil }

// fuzzHandshake runs one side against hostile octets, and reads on where it passes. It fails on what must never
// be: a panic, a peer without the secret, a message that nobody with the secret has sent.
func fuzzHandshake(t *testing.T, c *wireScript, role endpointRole, mayPass bool) {
	fc := newFrameConn(context.Background(), c)
	sec, _ := role.mechanism()
	_, err := zmq4.Open(fc, sec, role.socketType(), nil, role.binds, nil) // without the recover of open
	if err != nil {
		return
	}
	if !mayPass {
		t.Fatal("it got in without the secret")
	}
	if s, ok := sec.(*curve); ok {
		fc.box = s.session
	}
	fc.startTraffic(1000, role.socketType() == zmq4.Pull, func([]byte) {})
	for {
		msg, err := fc.message()
		if err != nil {
			return
		}
		if msg != nil && (len(msg) == 0 || len(msg) > 1000) {
			t.Fatalf("a message of %d bytes passed", len(msg))
		}
	}
}

// fuzzTraffic seals what the fuzzer likes: after the metadata, frames of a flags octet, a length and a body.
func fuzzTraffic(s *curveSession, words []byte) (frames []byte) {
	for len(words) >= 2 {
		n := min(int(words[1]), len(words)-2)
		frames = s.seal(frames, words[0], words[2:2+n])
		words = words[2+n:]
	}
	return frames
}

// fuzzSplit cuts the fuzzer's octets into metadata and traffic.
func fuzzSplit(data []byte) (meta, words []byte) {
	if len(data) == 0 {
		return nil, nil
	}
	n := min(int(data[0]), len(data)-1)
	return data[1 : 1+n], data[1+n:]
}

// fuzzClient answers WELCOME as a holder of the secret would, but for its words.
func fuzzClient(server, short curveKey, client curveKey, data []byte) func([]byte) []byte {
	return func(written []byte) []byte {
		at := bytes.Index(written, []byte("\x07WELCOME"))
		if at < 0 || len(written) < at+8+curveWelcomeSize {
			return nil
		}
		peerShort, cookie, err := openWelcome(written[at+8:][:curveWelcomeSize], server.public, short)
		if err != nil {
			panic(err)
		}
		session := &curveSession{sendHead: "CurveZMQMESSAGEC", recvHead: "CurveZMQMESSAGES", sent: 2}
		if session.shared, err = sharedKey(peerShort, short.secret); err != nil {
			panic(err)
		}
		meta, words := fuzzSplit(data)
		nonce := make([]byte, 16)
		plain := append(bytes.Clone(client.public[:]), nonce...)
		plain = box.Seal(plain, append(short.public[:], server.public[:]...), longNonce("VOUCH---", nonce), &peerShort, &client.secret)
		plain = append(plain, meta...)
		body := append(bytes.Clone(cookie), 0, 0, 0, 0, 0, 0, 0, 2)
		body = box.SealAfterPrecomputation(body, plain, shortNonce("CurveZMQINITIATE", 2), &session.shared)
		return append(wireCommand("INITIATE", body), fuzzTraffic(session, words)...)
	}
}

// fuzzServer answers HELLO and INITIATE as a holder of the secret would, but for its words.
func fuzzServer(server, short curveKey, data []byte) func([]byte) []byte {
	var peerShort [32]byte
	return func(written []byte) []byte {
		if at := bytes.Index(written, []byte("\x05HELLO")); at >= 0 {
			peerShort = [32]byte(written[at+6+74:])
			plain := append(bytes.Clone(short.public[:]), make([]byte, curveCookieSize)...)
			body := box.Seal(make([]byte, 16), plain, longNonce("WELCOME-", make([]byte, 16)), &peerShort, &server.secret)
			return wireCommand("WELCOME", body)
		}
		if !bytes.Contains(written, []byte("\x08INITIATE")) {
			return nil
		}
		session := &curveSession{sendHead: "CurveZMQMESSAGES", recvHead: "CurveZMQMESSAGEC", sent: 1}
		session.shared, _ = sharedKey(peerShort, short.secret)
		meta, words := fuzzSplit(data)
		body := box.SealAfterPrecomputation([]byte{0, 0, 0, 0, 0, 0, 0, 1}, meta, shortNonce("CurveZMQREADY---", 1), &session.shared)
		return append(wireCommand("READY", body), fuzzTraffic(session, words)...)
	}
}

const (
	fuzzRaw    = iota // the octets follow a greeting
	fuzzHello         // they are the body of HELLO or WELCOME
	fuzzSealed        // they are inside the boxes of INITIATE or READY, and of MESSAGE
	fuzzModes
)

// FuzzCurveServer: a binder and what a dialler may say to it.
func FuzzCurveServer(f *testing.F) {
	server := wireSecret(1).curveKey(0, true, Instance, requests)
	short := newCurveKey([32]byte{1, 2, 3})
	g := wireGreeting("CURVE")
	client := wireSecret(1).curveKey(0, false, App, requests)
	hello := wireCommand("HELLO", curveHello(server.public, short))
	meta := (&security{socketType: zmq4.Push, pair: newPair()}).metadata()
	passes := append([]byte{byte(len(meta))}, meta...)
	f.Add(byte(fuzzRaw), []byte{})
	f.Add(byte(fuzzRaw), wireCommand("HELLO", curveHello(server.public, short)))
	f.Add(byte(fuzzRaw), append(wireCommand("HELLO", curveHello(server.public, short)), wireCommand("INITIATE", make([]byte, 400))...))
	f.Add(byte(fuzzRaw), append(wireCommand("HELLO", curveHello(server.public, short)), wireCommand("ERROR", []byte("\x03400"))...))
	f.Add(byte(fuzzRaw), []byte{flagLong, 0x40, 0, 0, 0, 0, 0, 0, 0})
	f.Add(byte(fuzzRaw), []byte("\x04\x09^RROR\x03400"))
	f.Add(byte(fuzzHello), curveHello(server.public, short))
	f.Add(byte(fuzzHello), lowOrderHello([32]byte{}))
	f.Add(byte(fuzzSealed), passes)
	f.Add(byte(fuzzSealed), append(bytes.Clone(passes), "\x00\x02hi\x02\x07\x04PING\x00\x1e\x00\x02ho\x01\x00"...))
	f.Add(byte(fuzzSealed), []byte("\x0d\x0bSocket-Type\x00"))
	f.Fuzz(func(t *testing.T, mode byte, data []byte) {
		cryptotest.SetGlobalRandom(t, 1)
		binder := wireRole(wireSecret(1), requests, Instance, true)
		switch mode % fuzzModes {
		case fuzzRaw:
			c := &wireScript{}
			c.in.Reset(append(bytes.Clone(g), data...))
			fuzzHandshake(t, c, binder, false)
		case fuzzHello:
			c := &wireScript{}
			c.in.Reset(append(bytes.Clone(g), wireCommand("HELLO", data[:min(len(data), 2*curveHelloSize)])...))
			fuzzHandshake(t, c, binder, false)
		case fuzzSealed:
			c := &wireScript{reply: fuzzClient(server, short, client, data)}
			c.in.Reset(append(bytes.Clone(g), hello...))
			fuzzHandshake(t, c, binder, true)
		}
	})
}

// FuzzCurveClient: a dialler and what a binder may say to it.
func FuzzCurveClient(f *testing.F) {
	g := wireGreeting("CURVE")
	server := wireSecret(1).curveKey(0, true, Instance, responses)
	short := newCurveKey([32]byte{1, 2, 3})
	welcome := curveWelcome(server, short, short.public, make([]byte, curveCookieSize))
	meta := (&security{socketType: zmq4.Push}).metadata()
	passes := append([]byte{byte(len(meta))}, meta...)
	f.Add(byte(fuzzRaw), []byte{})
	f.Add(byte(fuzzRaw), wireCommand("WELCOME", welcome))
	f.Add(byte(fuzzRaw), append(wireCommand("WELCOME", welcome), wireCommand("READY", make([]byte, 100))...))
	f.Add(byte(fuzzRaw), wireCommand("ERROR", []byte("\x03400")))
	f.Add(byte(fuzzRaw), []byte("\x04\x09^RROR\x03400"))
	f.Add(byte(fuzzHello), welcome)
	f.Add(byte(fuzzHello), make([]byte, 97))
	f.Add(byte(fuzzSealed), passes)
	f.Add(byte(fuzzSealed), append(bytes.Clone(passes), "\x00\x02hi\x02\x07\x04PING\x00\x1e\x00\x02ho\x01\x00"...))
	f.Add(byte(fuzzSealed), []byte("\x10\x0bSocket-Type\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, mode byte, data []byte) {
		cryptotest.SetGlobalRandom(t, 1)
		dialler := wireRole(wireSecret(1), responses, App, false)
		switch mode % fuzzModes {
		case fuzzRaw:
			c := &wireScript{}
			c.in.Reset(append(bytes.Clone(g), data...))
			fuzzHandshake(t, c, dialler, false)
		case fuzzHello: // the plain text of WELCOME: a short-term key and a cookie
			c := &wireScript{}
			c.in.Reset(g)
			c.reply = func(written []byte) []byte {
				at := bytes.Index(written, []byte("\x05HELLO"))
				if at < 0 || len(written) < at+6+106 {
					return nil
				}
				peerShort := [32]byte(written[at+6+74:])
				plain := append(bytes.Clone(data[:min(len(data), 128)]), make([]byte, 128)...)[:128]
				body := box.Seal(make([]byte, 16), plain, longNonce("WELCOME-", make([]byte, 16)), &peerShort, &server.secret)
				return append(wireCommand("WELCOME", body), wireCommand("READY", data)...)
			}
			fuzzHandshake(t, c, dialler, false)
		case fuzzSealed:
			c := &wireScript{reply: fuzzServer(server, short, data)}
			c.in.Reset(g)
			fuzzHandshake(t, c, dialler, true)
		}
	})
}

// plainRole is one end of a link over ipc.
func plainRole(kind linkKind, side Side, binds bool) endpointRole {
	r := wireRole(wireSecret(1), kind, side, binds)
	r.scheme = schemeIPC
	return r
}

// FuzzPlainServer: only who shows the token passes, whatever follows it.
func FuzzPlainServer(f *testing.F) {
	token := wireSecret(1).plainToken(0, App, requests)
	hello := wireCommand("HELLO", append(append([]byte("\x09quartet/1"), byte(len(token))), token...))
	meta := (&security{socketType: zmq4.Push, pair: newPair()}).metadata()
	f.Add(false, []byte{})
	f.Add(false, wireCommand("HELLO", []byte("\x09quartet/1\x05guess")))
	f.Add(false, wireCommand("HELLO", []byte("\x00\x00")))
	f.Add(false, append(wireCommand("BOGUS", nil), wireCommand("INITIATE", meta)...))
	f.Add(true, append(wireCommand("INITIATE", meta), 0, 2, 'h', 'i', flagCommand, 7, 4, 'P', 'I', 'N', 'G', 0, 1))
	f.Add(true, append(wireCommand("INITIATE", meta), flagMore, 0))
	f.Add(true, append(wireCommand("INITIATE", meta), flagLong, 0x40, 0, 0, 0, 0, 0, 0, 0))
	f.Add(true, wireCommand("INITIATE", []byte("\x0bSocket-Type\x00")))
	f.Add(true, wireCommand("INITIATE", appendProperty(nil, propSocketType, "SCATTER")))
	f.Fuzz(func(t *testing.T, holder bool, data []byte) {
		if !holder && bytes.Contains(data, []byte(token)) {
			return
		}
		c, script := &wireScript{}, wireGreeting("PLAIN")
		if holder {
			script = append(script, hello...)
		}
		c.in.Reset(append(script, data...))
		fuzzHandshake(t, c, plainRole(requests, Instance, true), holder)
	})
}

// FuzzPlainClient: what a dialler may hear.
func FuzzPlainClient(f *testing.F) {
	meta := (&security{socketType: zmq4.Push}).metadata()
	ready := wireCommand("READY", meta)
	f.Add([]byte{})
	f.Add(wireCommand("WELCOME", nil))
	f.Add(append(wireCommand("WELCOME", nil), ready...))
	f.Add(append(append(wireCommand("WELCOME", nil), ready...), 0, 2, 'h', 'i', flagCommand, 7, 4, 'P', 'I', 'N', 'G', 0, 1))
	f.Add(append(wireCommand("WELCOME", nil), wireCommand("READY", []byte("\x0bSocket-Type\x00"))...))
	f.Add(wireCommand("ERROR", []byte("\x03400")))
	f.Add([]byte("\x04\x09^RROR\x03400"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c := &wireScript{}
		c.in.Reset(append(wireGreeting("PLAIN"), data...))
		fuzzHandshake(t, c, plainRole(responses, App, false), true) // PLAIN does not prove the binder: ipc asks the kernel, TLS the certificate
	})
}
