package wire

import (
	"slices"
	"sync"

	"github.com/vmihailenco/msgpack/v5"
)

// encoder is msgpack's encoder writing into a slice. The first error sticks.
type encoder struct {
	mp   *msgpack.Encoder
	out  sink
	keys []string // scratch of sortedKeys
	err  error
}

var encoders = sync.Pool{New: func() any { return &encoder{mp: msgpack.NewEncoder(nil)} }}

// newEncoder returns an encoder that appends to dst.
func newEncoder(dst []byte) *encoder {
	e := encoders.Get().(*encoder)
	e.out = sink{buf: dst}
	e.mp.Reset(&e.out)
	return e
}

// finish returns what was written, and the encoder to its pool without any
// reference to the caller's memory. What it keeps is small: MaxArgs keys at most.
func (e *encoder) finish() ([]byte, error) {
	out, err := e.out.buf, e.err
	clear(e.keys[:cap(e.keys)])
	e.out, e.err = sink{}, nil
	encoders.Put(e)
	return out, err
}

func (e *encoder) fail(err error) {
	if e.err == nil {
		e.err = err
	}
}

func (e *encoder) array(n int)   { e.fail(e.mp.EncodeArrayLen(n)) }
func (e *encoder) mapLen(n int)  { e.fail(e.mp.EncodeMapLen(n)) }
func (e *encoder) str(s string)  { e.fail(e.mp.EncodeString(s)) }
func (e *encoder) uint(v uint64) { e.fail(e.mp.EncodeUint(v)) }
func (e *encoder) int(v int64)   { e.fail(e.mp.EncodeInt(v)) }

// bin writes b; nil is empty, for which msgpack would write nil.
func (e *encoder) bin(b []byte) {
	if b == nil {
		b = []byte{}
	}
	e.fail(e.mp.EncodeBytes(b))
}

func (e *encoder) id(id *ID) { e.bin(id[:]) }

// header writes a header, names sorted so that equal messages are equal bytes.
func (e *encoder) header(h map[string][]string) {
	e.mapLen(len(h))
	for _, name := range sortedKeys(e, h) {
		e.str(name)
		e.strs(h[name])
	}
}

func (e *encoder) args(args map[string]string) {
	e.mapLen(len(args))
	for _, name := range sortedKeys(e, args) {
		e.str(name)
		e.str(args[name])
	}
}

func (e *encoder) strs(list []string) {
	e.array(len(list))
	for _, s := range list {
		e.str(s)
	}
}

func (e *encoder) routes(routes []Route) {
	if routes == nil {
		e.fail(e.mp.EncodeNil())
		return
	}
	e.array(len(routes))
	for _, r := range routes {
		e.array(2)
		e.str(r.Method)
		e.str(r.Pattern)
	}
}

// sortedKeys returns the keys of m, valid until the next call.
func sortedKeys[V any](e *encoder, m map[string]V) []string {
	e.keys = e.keys[:0]
	for k := range m {
		e.keys = append(e.keys, k)
	}
	slices.Sort(e.keys)
	return e.keys
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
