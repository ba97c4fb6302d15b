package transport

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/matryer/is"
)

// silentFlood: room for handshakes is for the newest, so that silence cannot take it all.
func silentFlood(t *testing.T) {
	is := is.New(t)
	t.Parallel()
	const flood = 500
	v := newVictim(t)
	conns := make([]net.Conn, flood)
	for i := range conns {
		c, err := rawDial(v.addr.endpoint(linkKind(i % 2)))
		is.NoErr(err)
		defer c.Close()
		conns[i] = c
	}
	cut := func() int { return v.count(HandshakeFailed, ErrTooManyLinks) }
	is.NoErr(eventually(atOnce, "the oldest are cut", func() bool { return cut() >= flood-maxHandshakes }))
	second := newHonest(t, v.addr)          // comes in between them
	is.NoErr(second.finish())               // and is served
	is.True(cut() <= flood-maxHandshakes+2) // at the cost of few
	for _, c := range conns {
		is.True(rawEnd(c) <= atHandshake) // the rest is cut in time
	}
	is.NoErr(v.honest.finish()) // so is whoever was there before
	is.NoErr(v.oneLineEach())
}

// largeClaims: many authenticated peers claim large frames, send a part and wait.
func largeClaims(t *testing.T) {
	is := is.New(t)
	t.Parallel()
	const claims = 20 // 80 MiB
	v := newVictim(t)
	for range claims {
		links, err := rawPair(v.addr, Instance)
		is.NoErr(err)
		defer links[requests].Close()
		defer links[responses].Close()
		say(rawHeader(0, DefaultMaxFrame), make([]byte, 100))(links[responses])
	}
	is.NoErr(eventually(patience, "all are cut", func() bool { return v.count(Disconnected, nil) == claims }))
	is.NoErr(v.honest.finish()) // small messages need no budget
}

// TestTooManyLinks: authenticated links are bounded, too.
func TestTooManyLinks(t *testing.T) {
	is := is.New(t)
	t.Parallel()
	v := &victim{node: newNode(App, true), addr: ipcAddr(t)}
	v.cfg.Heartbeat = -1 // the raw peers send none
	v.listen(t, v.addr)
	v.honest = newHonest(t, v.addr)
	var conns []net.Conn
	defer func() {
		for _, c := range conns {
			c.Close()
		}
	}()
	for range MaxLinks/2 - 1 {
		links, err := rawPair(v.addr, Instance)
		is.NoErr(err) // there is room
		conns = append(conns, links[:]...)
	}
	is.NoErr(eventually(patience, "all pairs", func() bool { return v.count(Connected, nil) == MaxLinks/2 }))
	c, err := rawLink(v.addr, Instance, requests, newPair())
	is.NoErr(err) // the handshake passes
	defer c.Close()
	is.True(rawEnd(c) <= atOnce) // and then there is no room
	is.NoErr(eventually(atOnce, "an event", func() bool { return v.count(HandshakeFailed, ErrTooManyLinks) == 1 }))
	is.Equal(v.count(Disconnected, nil), 0) // those who were there stay
	is.NoErr(v.honest.finish())             // and are served
	conns[0].Close()                        // when one leaves
	is.NoErr(eventually(atOnce, "an end", func() bool { return v.count(Disconnected, nil) == 1 }))
	is.NoErr(newHonest(t, v.addr).finish()) // another has room
}

// TestCommandsAfterTheHandshake: what RFC 37 allows does no harm, however much of it there is.
func TestCommandsAfterTheHandshake(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	v := newNode(App, true)
	addr := ipcAddr(t)
	v.listen(t, addr)
	links, err := rawPair(addr, Instance)
	is.NoErr(err)
	defer links[requests].Close()
	defer links[responses].Close()

	pongs := make(chan error, 1)
	go func() { pongs <- readPongs(links[responses]) }()
	ping := rawCommand("PING", []byte("\x00\x0bfriendly echo of more than sixteen bytes"))
	unknown := bytes.Join([][]byte{rawCommand("SUBSCRIBE", []byte("x")), rawCommand("PONG", nil), rawCommand("x", noise(500))}, nil)
	many := bytes.Repeat(append(unknown, ping...), 100)
	for range 100 {
		_, err := links[responses].Write(many)
		is.NoErr(err) // nobody is cut
	}
	_, err = links[responses].Write(bytes.Join([][]byte{rawFrame(0, []byte("word")), ping}, nil))
	is.NoErr(err)
	links[requests].SetReadDeadline(time.Now().Add(patience))
	flags, body, err := rawRead(links[requests])
	for err == nil && flags == flagCommand { // PING, if this took a second
		flags, body, err = rawRead(links[requests])
	}
	is.NoErr(err)
	is.Equal(fmt.Sprintf("%d %s", flags, body), "0 word") // a message behind them comes through, and back
	is.NoErr(<-pongs)                                     // and PING is answered
	is.Equal(v.count(Disconnected, nil), 0)
}

func readPongs(c net.Conn) error {
	c.SetReadDeadline(time.Now().Add(patience))
	flags, body, err := rawRead(c)
	switch {
	case err != nil:
		return err
	case flags != flagCommand || string(body) != "\x04PONGfriendly echo of":
		return errors.New("PING was answered by " + string(body))
	}
	return nil
}
