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

// frameConn stands between the engine and a connection. The engine allocates whatever length a frame
// header claims, takes any number of frames for one message, and hands commands to its user; so this
// is the place that reads headers first and shows the engine only frames that are within bounds.
// After the handshake it answers PING itself and shows no command at all.
//
// Reading is for one goroutine; writing only appends to out, which belongs to the link's lock.
type frameConn struct {
	net.Conn

	out []byte // written by the engine, not yet given to the kernel

	buf  []byte // read, not yet taken: buf[r:w]
	r, w int

	phase         phase
	hdr           [longHdr]byte // of the current frame: the engine still gets hdr[hdrAt:hdrEnd]
	hdrAt, hdrEnd int
	left          uint64 // bytes of its body that the engine still gets
	large         bool   // it has a deadline to arrive

	box      *curveSession // nil without CURVE
	plain    []byte        // of an opened box: the engine still gets it instead of what is on the wire
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

// Read gives the engine the greeting, then checked headers and the bodies behind them.
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
	if uint64(len(p)) > fc.left {
		p = p[:fc.left]
	}
	var n int
	var err error
	switch {
	case fc.plain != nil:
		n = copy(p, fc.plain)
		if fc.plain = fc.plain[n:]; len(fc.plain) == 0 {
			fc.plain = nil
		}
	case fc.r < fc.w:
		n = copy(p, fc.buf[fc.r:fc.w])
		fc.r += n
	case len(p) >= len(fc.buf): // large: straight into the engine's own slice
		n, err = fc.Conn.Read(p)
		fc.read(n)
	default:
		if err = fc.need(1); err != nil {
			return 0, err
		}
		n = copy(p, fc.buf[fc.r:fc.w])
		fc.r += n
	}
	fc.left -= uint64(n)
	if fc.left == 0 {
		fc.arrived()
	}
	return n, err
}

// arrived stops the clock of a large frame.
func (fc *frameConn) arrived() {
	if fc.large {
		fc.large = false
		fc.Conn.SetReadDeadline(time.Time{})
	}
}

// frameHeader is what stands before a frame: flags, and its size in one octet or eight.
type frameHeader struct {
	flags  byte
	length int // of the header itself
	size   uint64
}

// nextFrame reads and checks headers until one is to be shown to the engine.
func (fc *frameConn) nextFrame() error {
	for {
		h, err := fc.header()
		if err != nil {
			return err
		}
		if shown, err := fc.take(h); shown || err != nil {
			return err
		}
	}
}

// header looks at the next header without taking it.
func (fc *frameConn) header() (h frameHeader, err error) {
	if err := fc.need(shortHdr); err != nil {
		return h, err
	}
	h = frameHeader{fc.buf[fc.r], shortHdr, uint64(fc.buf[fc.r+1])}
	if h.flags&^(flagMore|flagLong|flagCommand) != 0 {
		return h, fmt.Errorf("%w: reserved flag bits %#02x", ErrProtocol, h.flags)
	}
	if h.flags&flagLong != 0 {
		if err := fc.need(longHdr); err != nil {
			return h, noEOF(err)
		}
		h.length, h.size = longHdr, binary.BigEndian.Uint64(fc.buf[fc.r+1:])
	}
	return h, nil
}

// take shows a frame to the engine, or deals with it here.
func (fc *frameConn) take(h frameHeader) (shown bool, err error) {
	if fc.box != nil && fc.phase == phaseTraffic {
		fc.r += h.length
		return fc.openBox(h.flags, h.size)
	}
	shown, err = fc.checkFrame(h.flags, h.size)
	switch {
	case err != nil:
	case !shown:
		fc.r += h.length
		err = fc.readCommand(int(h.size))
	case fc.phase == phaseHandshake:
		err = fc.checkError(h)
	default:
		err = fc.admit(h.size)
	}
	if !shown || err != nil {
		return false, err
	}
	fc.hdrAt, fc.hdrEnd = 0, copy(fc.hdr[:], fc.buf[fc.r:fc.r+h.length])
	fc.r, fc.left = fc.r+h.length, h.size
	return true, nil
}

// checkFrame says whether the engine sees a frame, or why the connection must end.
func (fc *frameConn) checkFrame(flags byte, size uint64) (shown bool, err error) {
	switch {
	case flags&flagMore != 0:
		return false, fmt.Errorf("%w: a message of several frames", ErrProtocol)
	case fc.phase == phaseHandshake && flags&flagCommand == 0:
		return false, fmt.Errorf("%w: a message before the handshake is done", ErrProtocol)
	case fc.phase == phaseHandshake && size > maxCmdBefore:
		return false, fmt.Errorf("%w: a command of %d bytes, the limit is %d", ErrFrameSize, size, maxCmdBefore)
	case fc.phase == phaseHandshake:
		return true, nil
	case flags&flagCommand != 0 && size > maxCmdAfter:
		return false, fmt.Errorf("%w: a command of %d bytes, the limit is %d", ErrFrameSize, size, maxCmdAfter)
	case flags&flagCommand != 0:
		return false, nil
	case !fc.messages:
		return false, fmt.Errorf("%w: a message from a PULL peer", ErrProtocol)
	case size == 0:
		return false, fmt.Errorf("%w: an empty message", ErrProtocol)
	case size > uint64(fc.maxFrame):
		return false, fmt.Errorf("%w: %d bytes, the limit is %d", ErrFrameSize, size, fc.maxFrame)
	}
	return true, nil
}

// admit waits for the memory of a large frame, then starts its clock.
func (fc *frameConn) admit(claimed uint64) error {
	if claimed <= budgetFree {
		return nil
	}
	size := int64(claimed)
	ctx, cancel := context.WithTimeout(fc.ctx, stallTimeout)
	defer cancel()
	fc.pausing.Store(true)
	err := budget.Acquire(ctx, size)
	fc.lastRead.Store(ticks())
	fc.pausing.Store(false)
	if err != nil {
		return fmt.Errorf("%w: %d bytes in %v", ErrBudget, size, stallTimeout)
	}
	fc.held, fc.large = size, true
	return fc.Conn.SetReadDeadline(time.Now().Add(stallTimeout))
}

// takeHeld hands the budget of the frame just read to whoever gets the message.
func (fc *frameConn) takeHeld() int64 {
	held := fc.held
	fc.held = 0
	return held
}

// checkError recognizes the ERROR of libzmq 4.3.4, which writes it as ^RROR without the length of its name,
// so that no parser of commands can.
func (fc *frameConn) checkError(h frameHeader) error {
	const name = "^RROR"
	all := h.length + int(h.size)
	if h.size < uint64(len(name)) || all > len(fc.buf) {
		return nil
	}
	if err := fc.need(all); err != nil {
		return noEOF(err)
	}
	if body := fc.buf[fc.r+h.length : fc.r+all]; string(body[:len(name)]) == name {
		return peerError(body[len(name):])
	}
	return nil
}

func (fc *frameConn) readCommand(size int) error {
	if err := fc.need(size); err != nil {
		return noEOF(err)
	}
	body := fc.buf[fc.r : fc.r+size]
	fc.r += size
	return fc.command(body)
}

// command swallows a command that came after the handshake. Any command is a sign of life; PING is
// answered; of the others none matters to PUSH and PULL, but ERROR ends the connection (RFC 37).
func (fc *frameConn) command(body []byte) error {
	name, data, err := splitCommand(body)
	if err != nil {
		return err
	}
	switch name {
	case "PING":
		if len(data) < pingTTL {
			return fmt.Errorf("%w: PING without a TTL", ErrProtocol)
		}
		fc.ping(data[pingTTL:min(len(data), pingTTL+maxPongEcho)])
	case "ERROR":
		return fmt.Errorf("%w: the peer reports an error", ErrPeerGone)
	}
	return nil
}

func splitCommand(body []byte) (name string, data []byte, err error) {
	if len(body) == 0 || int(body[0]) == 0 || 1+int(body[0]) > len(body) {
		return "", nil, fmt.Errorf("%w: a command without a name", ErrProtocol)
	}
	n := 1 + int(body[0])
	return string(body[1:n]), body[n:], nil
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
