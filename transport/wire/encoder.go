package wire

import (
	"encoding/binary"
	"math"
	"slices"
	"sync"
)

// encoder appends the msgpack of an envelope, every value as short as it goes. Fuzz tests compare it with the library
// that encodes bodies, which writes the same bytes through several interfaces.
type encoder struct {
	out       []byte
	apart     bool   // the bytes of the body stay where they are
	bodyBytes []byte // these
	bodyAt    int    // where they are in out, or would be
}

// head appends the head of a str, bin, array or map of n elements: the code with n in it where it has room for that (fix of
// them), else the first of the codes for 8, 16 and 32 bits that fits. No code for 8 bits is 0.
func (e *encoder) head(n, fix int, fixed, code8, code16, code32 byte) {
	switch {
	case n < fix:
		e.out = append(e.out, fixed|byte(n))
	case n <= math.MaxUint8 && code8 != 0:
		e.out = append(e.out, code8, byte(n))
	case n <= math.MaxUint16:
		e.out = binary.BigEndian.AppendUint16(append(e.out, code16), uint16(n))
	default: // no frame is longer
		e.out = binary.BigEndian.AppendUint32(append(e.out, code32), uint32(n))
	}
}

func (e *encoder) array(n int)  { e.head(n, 16, 0x90, 0, 0xdc, 0xdd) }
func (e *encoder) mapLen(n int) { e.head(n, 16, 0x80, 0, 0xde, 0xdf) }

func (e *encoder) str(s string) {
	e.head(len(s), 32, 0xa0, 0xd9, 0xda, 0xdb)
	e.out = append(e.out, s...)
}

// bin writes b; nil is empty.
func (e *encoder) bin(b []byte) {
	e.head(len(b), 0, 0, 0xc4, 0xc5, 0xc6)
	e.out = append(e.out, b...)
}

// body writes b as bin does, but for its bytes where they stay apart.
func (e *encoder) body(b []byte) {
	e.head(len(b), 0, 0, 0xc4, 0xc5, 0xc6)
	e.bodyBytes, e.bodyAt = b, len(e.out)
	if !e.apart {
		e.out = append(e.out, b...)
	}
}

func (e *encoder) id(id *ID) { e.bin(id[:]) }

func (e *encoder) null() { e.out = append(e.out, 0xc0) }

func (e *encoder) uint(v uint64) {
	switch {
	case v <= math.MaxInt8:
		e.out = append(e.out, byte(v))
	case v <= math.MaxUint8:
		e.out = append(e.out, 0xcc, byte(v))
	case v <= math.MaxUint16:
		e.out = binary.BigEndian.AppendUint16(append(e.out, 0xcd), uint16(v))
	case v <= math.MaxUint32:
		e.out = binary.BigEndian.AppendUint32(append(e.out, 0xce), uint32(v))
	default:
		e.out = binary.BigEndian.AppendUint64(append(e.out, 0xcf), v)
	}
}

func (e *encoder) int(v int64) {
	switch {
	case v >= 0:
		e.uint(uint64(v))
	case v >= -32:
		e.out = append(e.out, byte(v))
	case v >= math.MinInt8:
		e.out = append(e.out, 0xd0, byte(v))
	case v >= math.MinInt16:
		e.out = binary.BigEndian.AppendUint16(append(e.out, 0xd1), uint16(v))
	case v >= math.MinInt32:
		e.out = binary.BigEndian.AppendUint32(append(e.out, 0xd2), uint32(v))
	default:
		e.out = binary.BigEndian.AppendUint64(append(e.out, 0xd3), uint64(v))
	}
}

// header writes a header, names sorted so that equal messages are equal bytes.
func (e *encoder) header(h map[string][]string) {
	e.mapLen(len(h))
	names := sortedKeys(h)
	for _, name := range names.list {
		e.str(name)
		e.strs(h[name])
	}
	names.free()
}

func (e *encoder) args(args map[string]string) {
	e.mapLen(len(args))
	names := sortedKeys(args)
	for _, name := range names.list {
		e.str(name)
		e.str(args[name])
	}
	names.free()
}

func (e *encoder) strs(list []string) {
	e.array(len(list))
	for _, s := range list {
		e.str(s)
	}
}

func (e *encoder) routes(routes []Route) {
	if routes == nil {
		e.null()
		return
	}
	e.array(len(routes))
	for _, r := range routes {
		e.array(2)
		e.str(r.Method)
		e.str(r.Pattern)
	}
}

// nameList is a list that is used again. It keeps MaxArgs names at most.
type nameList struct{ list []string }

var nameLists = sync.Pool{New: func() any { return new(nameList) }}

var noNames nameList

// sortedKeys returns the keys of m, to be freed.
func sortedKeys[V any](m map[string]V) *nameList {
	if len(m) == 0 {
		return &noNames
	}
	l := nameLists.Get().(*nameList)
	for k := range m {
		l.list = append(l.list, k)
	}
	slices.Sort(l.list)
	return l
}

// free gives a list back without any reference to the caller's memory.
func (l *nameList) free() {
	if len(l.list) > 0 {
		clear(l.list)
		l.list = l.list[:0]
		nameLists.Put(l)
	}
}
