package transport

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/matryer/is"
)

// attacksByBinder are those of a process that may bind our endpoint but means no good. Its socket accepts,
// plays and waits for the end.
var attacksByBinder = []attack{
	{name: "silent", play: silence, within: atHandshake, reason: ErrTimeout},
	{name: "slow loris", play: drip(rawGreeting("PLAIN"), 100*time.Millisecond), within: atHandshake, reason: ErrTimeout},
	{name: "garbage", play: say(noise(1000)), reason: ErrProtocol},
	{name: "HTTP", play: say([]byte("HTTP/1.1 200 OK\r\n\r\n")), reason: ErrProtocol},
	{name: "gone", play: func(c net.Conn) { c.Close() }, reason: ErrHandshake},
	{name: "mechanism NULL", play: say(rawGreeting("NULL"), rawCommand("READY", push)), reason: ErrHandshake},
	{name: "mechanism CURVE", play: say(rawGreeting("CURVE")), reason: ErrHandshake},
	{name: "READY without WELCOME", play: say(rawGreeting("PLAIN"), rawCommand("READY", push)), reason: ErrProtocol},
	{name: "a refusal", play: say(rawGreeting("PLAIN"), rawCommand("ERROR", []byte("\x03400"))), reason: ErrRefused},
	{name: "a refusal without words", play: say(rawGreeting("PLAIN"), rawCommand("ERROR", nil)), reason: ErrRefused},
	{name: "a refusal as libzmq 4.3.4 writes it", play: say(rawGreeting("PLAIN"), rawFrame(flagCommand, []byte("^RROR\x03400"))), reason: ErrRefused},
	{name: "a truncated ERROR", play: say(rawGreeting("PLAIN"), rawCommand("ERROR", []byte("\xffbusy"))), reason: ErrHandshake},
	{name: "a command of 2^46", play: say(rawGreeting("PLAIN"), rawHeader(flagCommand, 1<<46)), reason: ErrFrameSize},
	{name: "a command of 2^64-1", play: say(rawGreeting("PLAIN"), rawHeader(flagCommand, 1<<64-1)), reason: ErrFrameSize},
	{name: "endless MORE", play: endless(append(rawGreeting("PLAIN"), rawFrame(flagMore|flagCommand, nil)...)), reason: ErrProtocol},
	{name: "endless WELCOME", play: endless(append(rawGreeting("PLAIN"), rawCommand("WELCOME", nil)...)), reason: ErrProtocol},
	{name: "socket type FOO", play: say(rawGreeting("PLAIN"), rawCommand("WELCOME", nil), rawCommand("READY", rawProperty("Socket-Type", "FOO"))), reason: ErrProtocol},
	{name: "no socket type", play: say(rawGreeting("PLAIN"), rawCommand("WELCOME", nil), rawCommand("READY", nil)), reason: ErrProtocol},
	{name: "truncated metadata", play: say(rawGreeting("PLAIN"), rawCommand("WELCOME", nil), rawCommand("READY", []byte("\x0bSocket-Type\x00"))), reason: ErrProtocol},
	{name: "a message before READY", play: say(rawGreeting("PLAIN"), rawCommand("WELCOME", nil), rawFrame(0, []byte("hi"))), reason: ErrProtocol},
}

func hostileBinders(t *testing.T) {
	is := is.New(t)
	t.Parallel()
	var running sync.WaitGroup
	errs := make([]error, len(attacksByBinder))
	for i, a := range attacksByBinder {
		addr := ipcAddr(t)
		ln, err := net.Listen("unix", addr.Requests.rest)
		is.NoErr(err)
		defer ln.Close()
		n := newNode(App, false)
		n.dial(t, addr)
		running.Go(func() { errs[i] = a.bind(ln, n) })
	}
	running.Wait()
	for i, err := range errs {
		if err != nil {
			is.NoErr(fmt.Errorf("%s: %w", attacksByBinder[i].name, err))
		}
	}
}

// bind plays the attack to a dialler, once.
func (a attack) bind(ln net.Listener, n *node) error {
	c, err := ln.Accept()
	if err != nil {
		return err
	}
	defer c.Close()
	start := time.Now()
	a.play(c)
	rawEnd(c)
	if took, limit := time.Since(start), max(a.within, atOnce); took > limit {
		return fmt.Errorf("cut off after %v, the limit is %v", took, limit)
	}
	if len(n.peers) != 0 {
		return errors.New("a peer came of it")
	}
	return eventually(atOnce, fmt.Sprintf("an event by %v", a.reason), func() bool {
		return n.count(HandshakeFailed, a.reason) > 0 && n.count(Retrying, a.reason) > 0
	})
}
