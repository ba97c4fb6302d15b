package transport

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// The ZMTP of this file is written by hand from RFC 23, 24 and 37, so that tests can send what no engine
// would, and so that what our engine sends is judged by something else.

func rawGreeting(mechanism string) []byte {
	g := make([]byte, greetingSize)
	g[0], g[9], g[10] = 0xFF, 0x7F, 3
	copy(g[12:32], mechanism)
	return g
}

// rawHeader is a frame header that claims a size, in the long form if need be.
func rawHeader(flags byte, size uint64) []byte {
	if size < 256 && flags&flagLong == 0 {
		return []byte{flags, byte(size)}
	}
	return binary.BigEndian.AppendUint64([]byte{flags | flagLong}, size)
}

func rawFrame(flags byte, body []byte) []byte {
	return append(rawHeader(flags, uint64(len(body))), body...)
}

func rawCommand(name string, body []byte) []byte {
	return rawFrame(flagCommand, append(append([]byte{byte(len(name))}, name...), body...))
}

func rawProperty(name, value string) []byte {
	b := append([]byte{byte(len(name))}, name...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(value)))
	return append(b, value...)
}

func rawHello(user, token string) []byte {
	b := append([]byte{byte(len(user))}, user...)
	b = append(append(b, byte(len(token))), token...)
	return rawCommand("HELLO", b)
}

// rawToken is the token of a dialling side.
func rawToken(side Side, kind linkKind) string { return testSecret.plainToken(0, side, kind) }

func rawType(side Side, kind linkKind) string {
	if side.pushes(kind) {
		return "PUSH"
	}
	return "PULL"
}

// rawRead reads one frame.
func rawRead(c net.Conn) (flags byte, body []byte, err error) {
	var hdr [9]byte
	if _, err = io.ReadFull(c, hdr[:2]); err != nil {
		return 0, nil, err
	}
	size := uint64(hdr[1])
	if hdr[0]&flagLong != 0 {
		if _, err = io.ReadFull(c, hdr[2:]); err != nil {
			return 0, nil, err
		}
		size = binary.BigEndian.Uint64(hdr[1:])
	}
	body = make([]byte, size)
	_, err = io.ReadFull(c, body)
	return hdr[0], body, err
}

func rawExpect(c net.Conn, name string) error {
	flags, body, err := rawRead(c)
	if err != nil {
		return err
	}
	if flags&flagCommand == 0 || !strings.HasPrefix(string(body), string([]byte{byte(len(name))})+name) {
		return fmt.Errorf("%q where %s belongs", body, name)
	}
	return nil
}

func rawDial(e Endpoint) (net.Conn, error) {
	if e.scheme == schemeInproc {
		ctx, cancel := contextWithin(patience)
		defer cancel()
		return dialInproc(ctx, e.rest)
	}
	return net.DialTimeout("unix", e.rest, patience)
}

// rawGreeted dials and exchanges greetings.
func rawGreeted(e Endpoint, mechanism string) (net.Conn, error) {
	c, err := rawDial(e)
	if err != nil {
		return nil, err
	}
	if _, err = c.Write(rawGreeting(mechanism)); err == nil {
		_, err = io.ReadFull(c, make([]byte, greetingSize))
	}
	if err != nil {
		c.Close()
	}
	return c, err
}

// rawWelcomed is a dialler whose token was accepted: INITIATE comes next.
func rawWelcomed(addr Addr, side Side, kind linkKind) (net.Conn, error) {
	c, err := rawGreeted(addr.endpoint(kind), "PLAIN")
	if err != nil {
		return nil, err
	}
	if _, err = c.Write(rawHello(plainUser, rawToken(side, kind))); err == nil {
		err = rawExpect(c, "WELCOME")
	}
	if err != nil {
		c.Close()
	}
	return c, err
}

// rawLink is a dialler's complete link; pair may be "". On inproc the mechanism is NULL.
func rawLink(addr Addr, side Side, kind linkKind, pair string) (c net.Conn, err error) {
	meta := rawProperty("Socket-Type", rawType(side, kind))
	if pair != "" {
		meta = append(meta, rawProperty("X-Quartet-Pair", pair)...)
	}
	ours := "INITIATE"
	if addr.Requests.scheme == schemeInproc {
		ours = "READY"
		c, err = rawGreeted(addr.endpoint(kind), "NULL")
	} else {
		c, err = rawWelcomed(addr, side, kind)
	}
	if err != nil {
		return nil, err
	}
	if _, err = c.Write(rawCommand(ours, meta)); err == nil {
		err = rawExpect(c, "READY")
	}
	if err != nil {
		c.Close()
	}
	return c, err
}

// rawPair is both links of a peer.
func rawPair(addr Addr, side Side) (links [2]net.Conn, err error) {
	pair := newPair()
	for _, kind := range []linkKind{requests, responses} {
		if links[kind], err = rawLink(addr, side, kind, pair); err != nil {
			return links, fmt.Errorf("%s link: %w", kind, err)
		}
	}
	return links, nil
}

// rawEnd reads until the connection ends and says after which time.
func rawEnd(c net.Conn) time.Duration {
	start := time.Now()
	c.SetReadDeadline(start.Add(patience))
	io.Copy(io.Discard, c)
	return time.Since(start)
}
