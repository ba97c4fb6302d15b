package wire

import (
	"bytes"
	"fmt"
	"sync"

	"github.com/vmihailenco/msgpack/v5"
)

// maxPooled bounds the buffers that the pools keep.
const maxPooled = 64 << 10

// Marshal encodes v as the body of a message: what encoding/json would take,
// and []byte, time.Time and maps with other keys as they are. Struct fields are
// named by their `msgpack` tag, else their `json` tag, else their Go name.
// Whole numbers are written as short as they go; maps of string to string, bool
// or any in the order of their keys.
//
// It refuses what Unmarshal would refuse (see Scan), and a value that contains
// itself. It does not panic; a panic in a method of v becomes an error.
func Marshal(v any) (b []byte, err error) {
	defer rescue("encode", v, &err)
	buf := buffers.Get().(*[]byte)
	e := newBodyEncoder((*buf)[:0])
	e.mp.SetCustomStructTag("json")
	e.mp.UseCompactInts(true)
	e.mp.SetSortMapKeys(true)
	err = e.mp.Encode(v)
	out := e.finish()
	if err == nil {
		err = Scan(out)
	}
	if err != nil {
		return nil, fmt.Errorf("wire: cannot encode %T: %w", v, err)
	}
	if cap(out) > maxPooled {
		return out, nil
	}
	*buf = out
	b = bytes.Clone(out)
	buffers.Put(buf)
	return b, nil
}

var buffers = sync.Pool{New: func() any { return new([]byte) }}

// Unmarshal decodes a body into what v points to. It scans first (see Scan for
// what it refuses), so that b can make it allocate no more than a small multiple
// of its length, plus what the types of v take for every element that b has.
//
// Fields are matched as Marshal names them; unknown ones are ignored, missing
// ones left alone. Into an any, maps become map[string]any, arrays []any, whole
// numbers int64 or uint64 as the sender wrote them, fractions float64, str and
// bin string, timestamps time.Time. An integer that does not fit its Go type is
// cut off as by a Go conversion; a float64 into a float32 is an error. v keeps
// nothing of b.
//
// It does not panic; a panic on the way (in a method of v, say) becomes an
// error. After an error v may be partly set.
func Unmarshal(b []byte, v any) (err error) {
	s := scanner{}
	if err := s.scan(b); err != nil {
		return err
	}
	if s.wide > 0 {
		b = widen(b, s.wide)
	}
	defer rescue("decode into", v, &err)
	d := decoders.Get().(*decoder)
	d.src.Reset(b)
	d.mp.Reset(&d.src)
	d.mp.SetCustomStructTag("json")
	d.mp.UseLooseInterfaceDecoding(true)
	err = d.mp.Decode(v)
	if err == nil && d.src.Len() > 0 {
		err = fmt.Errorf("%d bytes left over", d.src.Len())
	}
	if err != nil {
		return fmt.Errorf("wire: cannot decode into %T: %w", v, err)
	}
	d.src.Reset(nil)
	if len(b) <= maxPooled { // msgpack keeps a buffer as long as the longest string
		decoders.Put(d)
	}
	return nil
}

// decoder is msgpack's decoder and the reader it reads. One that failed is not
// used again: msgpack may have stopped halfway.
type decoder struct {
	mp  *msgpack.Decoder
	src bytes.Reader
}

var decoders = sync.Pool{New: func() any { return &decoder{mp: msgpack.NewDecoder(nil)} }}

// rescue turns a panic into an error.
func rescue(verb string, v any, err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("wire: cannot %s %T: panic: %v", verb, v, p)
	}
}
