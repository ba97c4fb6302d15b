package transport

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"time"
)

// frameHeader is what stands before a frame: flags, and its size in one octet or eight.
type frameHeader struct {
	flags  byte
	length int // of the header itself
	size   uint64
}

// nextFrame reads and checks a header of the handshake, and shows it to the engine.
func (fc *frameConn) nextFrame() error {
	h, err := fc.header()
	if err != nil {
		return err
	}
	if _, err := fc.checkFrame(h.flags, h.size); err != nil {
		return err
	}
	if err := fc.checkError(h); err != nil {
		return err
	}
	fc.hdrAt, fc.hdrEnd = 0, copy(fc.hdr[:], fc.buf[fc.r:fc.r+h.length])
	fc.r, fc.left = fc.r+h.length, h.size
	return nil
}

// message reads the next frame after the handshake. A message belongs to the caller; a command is dealt with, and nil.
func (fc *frameConn) message() (body []byte, err error) {
	h, err := fc.header()
	if err != nil {
		return nil, err
	}
	fc.r += h.length
	if fc.box != nil {
		return fc.openBox(h.flags, h.size)
	}
	return fc.openFrame(h.flags, h.size)
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

// openFrame reads the rest of a frame; nil if it was a command.
func (fc *frameConn) openFrame(flags byte, size uint64) (message []byte, err error) {
	isMessage, err := fc.checkFrame(flags, size)
	switch {
	case err != nil:
		return nil, err
	case !isMessage:
		return nil, fc.readCommand(int(size))
	}
	if err := fc.admit(size, fc.w-fc.r); err != nil {
		return nil, err
	}
	if all := int(size); all <= fc.w-fc.r { // Clone need not clear what it makes
		fc.r += all
		return bytes.Clone(fc.buf[fc.r-all : fc.r]), nil
	}
	message = make([]byte, size)
	if err := fc.readFull(message); err != nil {
		return nil, noEOF(err)
	}
	fc.arrived()
	return message, nil
}

// checkFrame says whether a frame is for the user of the connection, a command of the handshake or a message after it, or
// why the connection must end.
func (fc *frameConn) checkFrame(flags byte, size uint64) (forUser bool, err error) {
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

// admit waits for the memory of a large frame, and starts the clock of one that has not arrived whole. A small
// one, too, may never do so: where a bit of its length was wrong, it swallows all that follows, and whoever
// sends PING goes on to look alive.
func (fc *frameConn) admit(claimed uint64, arrived int) error {
	if claimed > budgetFree {
		if err := fc.reserve(int64(claimed)); err != nil {
			return err
		}
	}
	if claimed <= uint64(arrived) {
		return nil
	}
	fc.timed = true
	return fc.Conn.SetReadDeadline(time.Now().Add(stallTimeout))
}

func (fc *frameConn) reserve(size int64) error {
	ctx, cancel := context.WithTimeout(fc.ctx, memoryTimeout)
	defer cancel()
	fc.pausing.Store(true)
	err := budget.Acquire(ctx, size)
	fc.lastRead.Store(ticks())
	fc.pausing.Store(false)
	if err != nil {
		return fmt.Errorf("%w: %d bytes in %v", ErrBudget, size, memoryTimeout)
	}
	fc.held = size
	return nil
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
