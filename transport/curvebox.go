package transport

import (
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/crypto/nacl/box"
)

// After a CURVE handshake every frame is a message frame that holds MESSAGE: its name, a short nonce, and
// a box of a flags octet and the body (RFC 26). Inside, libzmq marks a command with 0x02, not with the 0x04
// of the frame's own flags.
const (
	curveMessage  = "\x07MESSAGE"
	curveNonce    = 8
	curveOverhead = len(curveMessage) + curveNonce + box.Overhead + 1

	boxMore    = 0x1
	boxCommand = 0x2
)

var errBox = errors.New("a box does not open")

// curveSession boxes the traffic of one connection. Its sending half belongs to the link's lock, its
// receiving half to the reader.
type curveSession struct {
	shared             [32]byte
	sendHead, recvHead string // the first 16 octets of the nonces
	sent, received     uint64 // the last short nonces; they strictly increase
	scratch            []byte
}

func shortNonce(head string, n uint64) *[24]byte {
	var nonce [24]byte
	copy(nonce[:], head)
	binary.BigEndian.PutUint64(nonce[16:], n)
	return &nonce
}

// seal appends one frame to dst, with a body in parts.
func (s *curveSession) seal(dst []byte, flags byte, parts ...[]byte) []byte {
	s.sent++
	size := sizeOf(parts)
	dst = appendFrameHeader(dst, 0, size+curveOverhead)
	dst = append(dst, curveMessage...)
	dst = binary.BigEndian.AppendUint64(dst, s.sent)
	s.scratch = appendAll(append(withRoom(s.scratch[:0], size+1), flags), parts)
	dst = box.SealAfterPrecomputation(dst, s.scratch, shortNonce(s.sendHead, s.sent), &s.shared)
	if cap(s.scratch) >= 1<<smallestBuffer { // it is the process's
		giveBuffer(s.scratch)
		s.scratch = nil
	}
	return dst
}

// open checks and opens the body of one frame.
func (s *curveSession) open(frame []byte) (flags byte, body []byte, err error) {
	if len(frame) < curveOverhead || string(frame[:len(curveMessage)]) != curveMessage {
		return 0, nil, fmt.Errorf("%w: no CURVE message", ErrProtocol)
	}
	frame = frame[len(curveMessage):]
	n := binary.BigEndian.Uint64(frame)
	if n <= s.received {
		return 0, nil, fmt.Errorf("%w: a CURVE nonce that does not increase", ErrProtocol)
	}
	plain, ok := box.OpenAfterPrecomputation(nil, frame[curveNonce:], shortNonce(s.recvHead, n), &s.shared)
	if !ok {
		return 0, nil, fmt.Errorf("%w: %w", ErrProtocol, errBox)
	}
	s.received = n
	return plain[0], plain[1:], nil
}

func sizeOf(parts [][]byte) (size int) {
	for _, part := range parts {
		size += len(part)
	}
	return size
}

func appendAll(dst []byte, parts [][]byte) []byte {
	for _, part := range parts {
		dst = append(dst, part...)
	}
	return dst
}

// appendFrameHeader is ZMTP's framing of messages, commands and boxes.
func appendFrameHeader(dst []byte, flags byte, size int) []byte {
	if size <= 255 {
		return append(dst, flags, byte(size))
	}
	return binary.BigEndian.AppendUint64(append(dst, flags|flagLong), uint64(size))
}

// openBox reads the rest of a frame of an encrypted link and opens it; nil if it was a command.
func (fc *frameConn) openBox(flags byte, size uint64) (message []byte, err error) {
	most := fc.maxFrame
	if !fc.messages {
		most = maxCmdAfter
	}
	switch {
	case flags&^flagLong != 0:
		return nil, fmt.Errorf("%w: frame flags %#02x on an encrypted link", ErrProtocol, flags)
	case size > uint64(most+curveOverhead):
		return nil, fmt.Errorf("%w: %d bytes, the limit is %d", ErrFrameSize, size, most+curveOverhead)
	}
	if err := fc.admit(size, fc.w-fc.r); err != nil {
		return nil, err
	}
	frame, err := fc.boxed(int(size))
	if err != nil {
		return nil, noEOF(err)
	}
	fc.arrived()
	inner, body, err := fc.box.open(frame)
	if err != nil {
		return nil, err
	}
	// The same checks as on a plain link, with the flags as they are inside.
	plainFlags := inner & boxMore
	if inner&boxCommand != 0 {
		plainFlags |= flagCommand
	}
	if inner&^(boxMore|boxCommand) != 0 {
		return nil, fmt.Errorf("%w: reserved flag bits %#02x in a box", ErrProtocol, inner)
	}
	isMessage, err := fc.checkFrame(plainFlags, uint64(len(body)))
	switch {
	case err != nil:
		return nil, err
	case !isMessage:
		return nil, fc.command(body)
	}
	return body, nil
}

// boxed gives the octets of a box, until the next read: those of the buffer, where it lies there as a whole.
func (fc *frameConn) boxed(size int) (frame []byte, err error) {
	if size <= fc.w-fc.r {
		frame = fc.buf[fc.r : fc.r+size]
		fc.r += size
		return frame, nil
	}
	frame = make([]byte, size)
	return frame, fc.readFull(frame)
}

// readFull fills p from the buffer and the wire.
func (fc *frameConn) readFull(p []byte) error {
	n := copy(p, fc.buf[fc.r:fc.w])
	fc.r += n
	for n < len(p) {
		got, err := fc.Conn.Read(p[n:])
		fc.read(got)
		if n += got; err != nil && n < len(p) {
			return err
		}
	}
	return nil
}
