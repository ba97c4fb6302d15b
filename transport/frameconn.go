package transport

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"time"
)

// ZMTP 3.x framing (RFC 23).
const (
	flagMore    = 0x1
	flagLong    = 0x2
	flagCommand = 0x4

	greetingSize  = 64
	maxCmdBefore  = 4 << 10 // bytes of a command during the handshake
	maxCmdAfter   = 512     // and after it
	bufferBefore  = 4 << 10 // of the read buffer until the peer is authenticated
	bufferAfter   = 64 << 10
	maxPongEcho   = 16 // octets of a PING's context that a PONG repeats (RFC 37)
	pingTTL       = 2  // octets of TTL before the context
	shortHdr      = 2
	longHdr       = 9
	signatureHead = 0xFF
	signatureTail = 0x7F
)

// frameConn stands between the engine and a connection. The engine allocates whatever length a frame header claims, so
// during the handshake this is the place that reads headers first, and shows it only what is within bounds. After the
// handshake the engine has no part in it: message reads what comes, within bounds, and PING is answered here.
//
// Reading is for one goroutine; writing only appends to out, which belongs to the link's lock.
type frameConn struct {
	net.Conn

	out []byte // written, not yet given to the kernel

	buf  []byte // read, not yet taken: buf[r:w]
	r, w int

	phase         phase
	hdr           [longHdr]byte // of a frame of the handshake: the engine still gets hdr[hdrAt:hdrEnd]
	hdrAt, hdrEnd int
	left          uint64 // bytes of its body that the engine still gets
	timed         bool   // a message has a deadline to arrive

	box      *curveSession // nil without CURVE
	maxFrame int
	messages bool // this end takes messages (PULL); at a PUSH end one is a violation
	held     int64
	ctx      context.Context // ends with the link
	ping     func(echo []byte)

	lastRead atomic.Int64 // ticks of the last byte read
	pausing  atomic.Bool  // waiting for memory: silence is ours, not the peer's
}

type phase uint8

const (
	phaseGreeting phase = iota
	phaseHandshake
	phaseTraffic
)

func newFrameConn(ctx context.Context, c net.Conn) *frameConn {
	fc := &frameConn{Conn: c, ctx: ctx, buf: make([]byte, bufferBefore)}
	fc.lastRead.Store(ticks())
	return fc
}

// startTraffic ends the handshake.
func (fc *frameConn) startTraffic(maxFrame int, messages bool, ping func(echo []byte)) {
	fc.phase, fc.maxFrame, fc.messages, fc.ping = phaseTraffic, maxFrame, messages, ping
	if messages { // a PUSH end only ever reads short commands
		grown := make([]byte, bufferAfter)
		fc.w = copy(grown, fc.buf[fc.r:fc.w])
		fc.r, fc.buf = 0, grown
	}
}

// Write takes everything at once; the link decides when it goes to the kernel.
func (fc *frameConn) Write(p []byte) (int, error) {
	fc.out = append(fc.out, p...)
	return len(p), nil
}

// flushHandshake writes what the handshake has produced, under the deadline of the handshake.
func (fc *frameConn) flushHandshake() error {
	if len(fc.out) == 0 {
		return nil
	}
	_, err := fc.Conn.Write(fc.out)
	fc.out = fc.out[:0]
	return err
}

// Read gives the engine the greeting, then checked headers of commands and the bodies behind them.
func (fc *frameConn) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if fc.phase == phaseGreeting {
		if err := fc.need(greetingSize); err != nil {
			return 0, err
		}
		fc.phase, fc.left = phaseHandshake, greetingSize
	}
	if fc.hdrAt == fc.hdrEnd && fc.left == 0 {
		if err := fc.nextFrame(); err != nil {
			return 0, err
		}
	}
	if fc.hdrAt < fc.hdrEnd {
		n := copy(p, fc.hdr[fc.hdrAt:fc.hdrEnd])
		fc.hdrAt += n
		return n, nil
	}
	return fc.readBody(p)
}

func (fc *frameConn) readBody(p []byte) (int, error) {
	if err := fc.need(1); err != nil {
		return 0, err
	}
	if uint64(len(p)) > fc.left {
		p = p[:fc.left]
	}
	n := copy(p, fc.buf[fc.r:fc.w])
	fc.r += n
	fc.left -= uint64(n)
	return n, nil
}

// arrived stops the clock of a frame.
func (fc *frameConn) arrived() {
	if fc.timed {
		fc.timed = false
		fc.Conn.SetReadDeadline(time.Time{})
	}
}

// need makes at least n bytes available in the buffer; n is at most the size of the buffer.
func (fc *frameConn) need(n int) error {
	for fc.w-fc.r < n {
		if fc.phase != phaseTraffic {
			if err := fc.flushHandshake(); err != nil {
				return err
			}
		}
		if fc.r > 0 {
			fc.w = copy(fc.buf, fc.buf[fc.r:fc.w])
			fc.r = 0
		}
		got, err := fc.Conn.Read(fc.buf[fc.w:])
		fc.w += got
		fc.read(got)
		if fc.phase == phaseGreeting {
			if err := checkSignature(fc.buf[:fc.w]); err != nil {
				return err
			}
		}
		if err != nil && fc.w-fc.r < n {
			if fc.w > fc.r {
				return noEOF(err)
			}
			return err
		}
	}
	return nil
}

// whole says that a small message lies in the buffer, all of it: the next one is read without waiting. What is encrypted
// may be a command.
func (fc *frameConn) whole() bool {
	there := fc.buf[fc.r:fc.w]
	return len(there) >= shortHdr && there[0] == 0 && len(there)-shortHdr >= int(there[1])
}

// await waits for the beginning of the next frame, and says whether all of it is there at once.
func (fc *frameConn) await() (whole bool, err error) {
	if err := fc.need(shortHdr); err != nil {
		return false, err
	}
	there := fc.buf[fc.r:fc.w]
	if there[0]&flagLong == 0 {
		return len(there)-shortHdr >= int(there[1]), nil
	}
	return len(there) >= longHdr && uint64(len(there)-longHdr) >= binary.BigEndian.Uint64(there[1:]), nil
}

// checkSignature refuses peers that speak something else at their first byte, not at their 64th,
// which an HTTP client, for one, may never send.
func checkSignature(b []byte) error {
	if len(b) > 0 && b[0] != signatureHead || len(b) > 9 && b[9] != signatureTail {
		return fmt.Errorf("%w: the peer does not speak ZMTP 3", ErrProtocol)
	}
	return nil
}

func (fc *frameConn) read(n int) {
	if n > 0 {
		fc.lastRead.Store(ticks())
	}
}

// noEOF makes an end in the middle of a frame differ from one between frames.
func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

var epoch = time.Now()

// ticks is the monotonic clock in nanoseconds, small enough for an atomic.
func ticks() int64 { return int64(time.Since(epoch)) }
