package transport

import (
	"bytes"
	"math/rand/v2"
	"net"
	"strings"
	"time"
)

// attack is what one hostile peer does. begin brings a connection to where the attack starts; the
// connection must end within the limit, and for the reason.
type attack struct {
	name   string
	begin  stage
	play   func(c net.Conn)
	within time.Duration // default: at once
	reason error
}

// stage is how far a hostile peer plays by the rules.
type stage uint8

const (
	connected stage = iota // nothing is sent
	greeted                // greetings are exchanged
	welcomed               // the token was accepted
	linked                 // one link of a pair is up
	pushing                // a pair is up; the attack is on the link that the victim reads messages from
	pulling                // a pair is up; the attack is on the link that the victim writes messages to
)

const (
	atOnce        = 2 * time.Second // the machine may be busy
	atHandshake   = handshakeTimeout + atOnce
	atDead        = DefaultDead + DefaultHeartbeat + atOnce
	atHalfPaired  = halfPairedLife + atOnce
	oversizeFrame = DefaultMaxFrame + 1
)

// say sends fixed bytes.
func say(parts ...[]byte) func(net.Conn) {
	return func(c net.Conn) { c.Write(bytes.Join(parts, nil)) }
}

func silence(net.Conn) {}

// endless repeats bytes until the connection is cut.
func endless(b []byte) func(net.Conn) {
	b = bytes.Repeat(b, 1+4096/len(b))
	return func(c net.Conn) {
		c.SetWriteDeadline(time.Now().Add(patience))
		for _, err := c.Write(b); err == nil; {
			_, err = c.Write(b)
		}
	}
}

// drip sends bytes one by one.
func drip(b []byte, every time.Duration) func(net.Conn) {
	return func(c net.Conn) {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for _, x := range b {
			<-tick.C
			if _, err := c.Write([]byte{x}); err != nil {
				return
			}
		}
	}
}

func meta(properties ...[]byte) func(net.Conn) {
	return say(rawCommand("INITIATE", bytes.Join(properties, nil)))
}

func noise(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{}).Read(b)
	return b
}

var (
	push     = rawProperty("Socket-Type", "PUSH")
	pull     = rawProperty("Socket-Type", "PULL")
	httpText = []byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
	tlsHello = append([]byte{22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3}, noise(512)...)
	oldZMTP  = append([]byte{0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 1, 5}, make([]byte, 60)...)
)

// attacksBefore are those of peers without the secret, or that misuse it before the handshake is done.
var attacksBefore = []attack{
	{name: "silent", play: silence, within: atHandshake, reason: ErrTimeout},
	{name: "half a greeting", play: say(rawGreeting("PLAIN")[:30]), within: atHandshake, reason: ErrTimeout},
	{name: "slow loris", play: drip(append(rawGreeting("PLAIN"), rawHello("x", "y")...), 100*time.Millisecond), within: atHandshake, reason: ErrTimeout},
	{name: "one byte of garbage", play: say([]byte{0}), reason: ErrProtocol},
	{name: "garbage", play: say(noise(1000)), reason: ErrProtocol},
	{name: "endless garbage", play: endless([]byte{0xFF}), reason: ErrProtocol},
	{name: "HTTP", play: say(httpText), reason: ErrProtocol},
	{name: "TLS", play: say(tlsHello), reason: ErrProtocol},
	{name: "gone after the greeting", play: func(c net.Conn) { c.Write(rawGreeting("PLAIN")); c.Close() }, reason: ErrHandshake},
	{name: "ZMTP 1", play: say(oldZMTP), reason: ErrHandshake},
	{name: "mechanism NULL", play: say(rawGreeting("NULL"), rawCommand("READY", push)), reason: ErrHandshake},
	{name: "mechanism CURVE", play: say(rawGreeting("CURVE")), reason: ErrHandshake},
	{name: "mechanism without an end", play: say(rawGreeting("PLAINPLAINPLAINPLAINPLAIN")), reason: ErrHandshake},
	{name: "as-server is 7", play: say(append(rawGreeting("PLAIN")[:32], bytes.Repeat([]byte{7}, 32)...)), reason: ErrHandshake},

	{name: "greeted and silent", begin: greeted, play: silence, within: atHandshake, reason: ErrTimeout},
	{name: "wrong token", begin: greeted, play: say(rawHello(plainUser, strings.Repeat("0", 64))), reason: ErrRefused},
	{name: "wrong user", begin: greeted, play: say(rawHello("admin", rawToken(Instance, requests))), reason: ErrRefused},
	{name: "no credentials", begin: greeted, play: say(rawHello("", "")), reason: ErrRefused},
	{name: "empty HELLO", begin: greeted, play: say(rawCommand("HELLO", nil)), reason: ErrProtocol},
	{name: "truncated HELLO", begin: greeted, play: say(rawCommand("HELLO", []byte{200, 'q'})), reason: ErrProtocol},
	{name: "HELLO with more behind", begin: greeted, play: say(rawCommand("HELLO", append([]byte{1, 'q', 1, 't'}, noise(100)...))), reason: ErrProtocol},
	{name: "INITIATE before HELLO", begin: greeted, play: meta(push), reason: ErrProtocol},
	{name: "BOGUS for HELLO", begin: greeted, play: say(rawCommand("BOGUS", nil)), reason: ErrProtocol},
	{name: "ERROR for HELLO", begin: greeted, play: say(rawCommand("ERROR", []byte{9, 'n'})), reason: ErrHandshake},
	{name: "empty command", begin: greeted, play: say(rawFrame(flagCommand, nil)), reason: ErrHandshake},
	{name: "command without a name", begin: greeted, play: say(rawFrame(flagCommand, []byte{0})), reason: ErrProtocol},
	{name: "command with half a name", begin: greeted, play: say(rawFrame(flagCommand, []byte{200, 'H'})), reason: ErrHandshake},
	{name: "message before the handshake", begin: greeted, play: say(rawFrame(0, []byte("hi"))), reason: ErrProtocol},
	{name: "empty message before the handshake", begin: greeted, play: say(rawFrame(0, nil)), reason: ErrProtocol},
	{name: "reserved flags", begin: greeted, play: say(rawFrame(0x80|flagCommand, []byte("hi"))), reason: ErrProtocol},
	{name: "endless MORE", begin: greeted, play: endless(rawFrame(flagMore, nil)), reason: ErrProtocol},
	{name: "endless MORE commands", begin: greeted, play: endless(rawFrame(flagMore|flagCommand, nil)), reason: ErrProtocol},
	{name: "command of 4 KiB and 1", begin: greeted, play: say(rawHeader(flagCommand, maxCmdBefore+1)), reason: ErrFrameSize},
	{name: "command of 2^32", begin: greeted, play: say(rawHeader(flagCommand, 1<<32)), reason: ErrFrameSize},
	{name: "command of 2^46", begin: greeted, play: say(rawHeader(flagCommand, 1<<46)), reason: ErrFrameSize},
	{name: "command of 2^63-1", begin: greeted, play: say(rawHeader(flagCommand, 1<<63-1)), reason: ErrFrameSize},
	{name: "command of 2^64-1", begin: greeted, play: say(rawHeader(flagCommand, 1<<64-1)), reason: ErrFrameSize},
	{name: "message of 2^46 before the handshake", begin: greeted, play: say(rawHeader(0, 1<<46)), reason: ErrProtocol},

	{name: "welcomed and silent", begin: welcomed, play: silence, within: atHandshake, reason: ErrTimeout},
	{name: "a claim of 4 KiB and silence", begin: welcomed, play: say(rawHeader(flagCommand, maxCmdBefore)), within: atHandshake, reason: ErrTimeout},
	{name: "HELLO twice", begin: welcomed, play: say(rawHello(plainUser, "again")), reason: ErrProtocol},
	{name: "READY for INITIATE", begin: welcomed, play: say(rawCommand("READY", push)), reason: ErrProtocol},
	{name: "no metadata", begin: welcomed, play: meta(), reason: ErrProtocol},
	{name: "socket type FOO", begin: welcomed, play: meta(rawProperty("Socket-Type", "FOO")), reason: ErrProtocol},
	{name: "socket type SCATTER", begin: welcomed, play: meta(rawProperty("Socket-Type", "SCATTER")), reason: ErrProtocol},
	{name: "socket type DEALER", begin: welcomed, play: meta(rawProperty("Socket-Type", "DEALER")), reason: ErrProtocol},
	{name: "empty socket type", begin: welcomed, play: meta(rawProperty("Socket-Type", "")), reason: ErrProtocol},
	{name: "truncated metadata", begin: welcomed, play: meta([]byte("\x0bSocket-Type\x00")), reason: ErrProtocol},
	{name: "metadata with a name of 255", begin: welcomed, play: meta([]byte{255}), reason: ErrProtocol},
	{name: "metadata without a name", begin: welcomed, play: meta(rawProperty("", "x")), reason: ErrProtocol},
	{name: "a property of 2^32-1", begin: welcomed, play: meta([]byte("\x0bSocket-Type\xff\xff\xff\xff")), reason: ErrProtocol},
	{name: "duplicate PUSH", begin: welcomed, play: meta(push, rawProperty("SOCKET-type", "PUSH")), reason: ErrProtocol},
	{name: "duplicate PULL", begin: welcomed, play: meta(pull, rawProperty("socket-TYPE", "PULL")), reason: ErrProtocol},
	{name: "65 properties", begin: welcomed, play: meta(manyProperties(65)), reason: ErrProtocol},
	{name: "a PUSH with half a pair", begin: welcomed, play: meta(push, rawProperty("X-Quartet-Pair", "abc")), reason: ErrProtocol},
	{name: "a PULL with half a pair", begin: welcomed, play: meta(pull, rawProperty("X-Quartet-Pair", "abc")), reason: ErrProtocol},

	{name: "half a pair and no more", begin: linked, play: silence, within: atHalfPaired, reason: ErrUnpaired},
}

func manyProperties(n int) (b []byte) {
	for i := range n {
		b = append(b, rawProperty(strings.Repeat("x", i+1), "")...)
	}
	return b
}

// attacksAfter are those of peers that hold the secret. The connection ends by Disconnected.
var attacksAfter = []attack{
	{name: "a message of one byte over the limit", begin: pushing, play: say(rawHeader(0, oversizeFrame)), reason: ErrFrameSize},
	{name: "a message of 2^32", begin: pushing, play: say(rawHeader(0, 1<<32)), reason: ErrFrameSize},
	{name: "a message of 2^46", begin: pushing, play: say(rawHeader(0, 1<<46)), reason: ErrFrameSize},
	{name: "a message of 2^63-1", begin: pushing, play: say(rawHeader(0, 1<<63-1)), reason: ErrFrameSize},
	{name: "a message of 2^64-1", begin: pushing, play: say(rawHeader(0, 1<<64-1)), reason: ErrFrameSize},
	{name: "a message behind good ones", begin: pushing, play: say(rawFrame(0, []byte("a")), rawFrame(0, noise(70000)), rawHeader(0, 1<<40)), reason: ErrFrameSize},
	{name: "an empty message", begin: pushing, play: say(rawFrame(0, nil)), reason: ErrProtocol},
	{name: "an empty message in the long form", begin: pushing, play: say(rawFrame(flagLong, nil)), reason: ErrProtocol},
	{name: "endless MORE", begin: pushing, play: endless(rawFrame(flagMore, nil)), reason: ErrProtocol},
	{name: "MORE behind good ones", begin: pushing, play: say(rawFrame(0, []byte("a")), rawFrame(flagMore, []byte("b"))), reason: ErrProtocol},
	{name: "reserved flags", begin: pushing, play: say(rawFrame(0x08, []byte("b"))), reason: ErrProtocol},
	{name: "garbage", begin: pushing, play: say(bytes.Repeat([]byte{0xEE}, 100)), reason: ErrProtocol},
	{name: "half a header, then the end", begin: pushing, play: func(c net.Conn) { c.Write(rawHeader(0, 1000)[:5]); c.Close() }, reason: ErrPeerGone},
	{name: "half a message, then the end", begin: pushing, play: func(c net.Conn) { c.Write(rawFrame(0, noise(1000))[:500]); c.Close() }, reason: ErrPeerGone},
	{name: "a large claim and silence", begin: pushing, play: say(rawHeader(0, DefaultMaxFrame)), within: atDead, reason: ErrPeerSilent},
	{name: "silence", begin: pushing, play: silence, within: atDead, reason: ErrPeerSilent},
	{name: "a message to a PUSH", begin: pulling, play: say(rawFrame(0, []byte("hi"))), reason: ErrProtocol},
	{name: "a large message to a PUSH", begin: pulling, play: say(rawHeader(0, 1<<40)), reason: ErrProtocol},
	{name: "no reading and silence", begin: pulling, play: silence, within: atDead, reason: ErrPeerSilent},
}

// attacksByCommand may come on either link.
func attacksByCommand(begin stage) []attack {
	return []attack{
		{name: "a command of 513 bytes", begin: begin, play: say(rawHeader(flagCommand, maxCmdAfter+1)), reason: ErrFrameSize},
		{name: "a command of 2^46", begin: begin, play: say(rawHeader(flagCommand, 1<<46)), reason: ErrFrameSize},
		{name: "a command of 2^64-1", begin: begin, play: say(rawHeader(flagCommand, 1<<64-1)), reason: ErrFrameSize},
		{name: "an empty command", begin: begin, play: say(rawFrame(flagCommand, nil)), reason: ErrProtocol},
		{name: "a command without a name", begin: begin, play: say(rawFrame(flagCommand, []byte{0, 1})), reason: ErrProtocol},
		{name: "a command with half a name", begin: begin, play: say(rawFrame(flagCommand, []byte{9, 'P'})), reason: ErrProtocol},
		{name: "a command with MORE", begin: begin, play: endless(rawFrame(flagCommand|flagMore, []byte("\x04PING\x00\x00"))), reason: ErrProtocol},
		{name: "PING without a TTL", begin: begin, play: say(rawCommand("PING", []byte{0})), reason: ErrProtocol},
		{name: "ERROR", begin: begin, play: say(rawCommand("ERROR", []byte("\x03bad"))), reason: ErrPeerGone},
		{name: "half a command, then the end", begin: begin, play: func(c net.Conn) { c.Write(rawCommand("PING", noise(100))[:50]); c.Close() }, reason: ErrPeerGone},
		{name: "endless PING while the other link is silent", begin: begin, play: endless(rawCommand("PING", []byte("\x00\x00echo"))), within: atDead, reason: ErrPeerSilent},
	}
}
