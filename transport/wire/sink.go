package wire

import (
	"sync"

	"github.com/vmihailenco/msgpack/v5"
)

// bodyEncoder is msgpack's encoder writing into a slice.
type bodyEncoder struct {
	mp  *msgpack.Encoder
	out sink
}

var bodyEncoders = sync.Pool{New: func() any { return &bodyEncoder{mp: msgpack.NewEncoder(nil)} }}

// newBodyEncoder returns an encoder that appends to dst.
func newBodyEncoder(dst []byte) *bodyEncoder {
	e := bodyEncoders.Get().(*bodyEncoder)
	e.out = sink{buf: dst}
	e.mp.Reset(&e.out)
	return e
}

// finish returns what was written, and the encoder to its pool without any reference to the caller's memory.
func (e *bodyEncoder) finish() []byte {
	out := e.out.buf
	e.out = sink{}
	bodyEncoders.Put(e)
	return out
}

// sink appends what msgpack writes. It refuses more writes than any value that
// Scan accepts can need, which also ends the encoding of a value that contains
// itself before the stack overflows.
type sink struct {
	buf    []byte
	writes int
}

const maxWrites = 4 * MaxElements // a timestamp takes three

// Write appends b.
func (s *sink) Write(b []byte) (int, error) {
	if s.writes++; s.writes > maxWrites {
		return 0, ErrTooManyElements
	}
	s.buf = append(s.buf, b...)
	return len(b), nil
}

// WriteByte appends c.
func (s *sink) WriteByte(c byte) error {
	if s.writes++; s.writes > maxWrites {
		return ErrTooManyElements
	}
	s.buf = append(s.buf, c)
	return nil
}
