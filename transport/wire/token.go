package wire

import "encoding/binary"

// class says what a msgpack value is, whatever its width.
type class uint8

const (
	classBad class = iota
	classNil
	classBool
	classInt
	classFloat
	classStr
	classBin
	classExt
	classArray
	classMap
)

// token is the head of one value: its code and its length.
type token struct {
	class class
	size  int    // bytes of the head, the type of an extension included
	n     uint32 // what follows: bytes, or elements of an array, or entries of a map
}

// container reports whether n counts values instead of bytes.
func (t token) container() bool { return t.class >= classArray }

// width says how a code is read: its class, the bytes that hold its length,
// and what follows when none do.
type width struct {
	class  class
	length uint8
	fixed  uint8
}

// widths is indexed by the code; only 0xc1 keeps the zero value, classBad.
var widths = func() (w [256]width) {
	for c := range 0x80 {
		w[c] = width{classInt, 0, 0}
	}
	for c := 0x80; c < 0x90; c++ {
		w[c] = width{classMap, 0, uint8(c & 0x0f)}
	}
	for c := 0x90; c < 0xa0; c++ {
		w[c] = width{classArray, 0, uint8(c & 0x0f)}
	}
	for c := 0xa0; c < 0xc0; c++ {
		w[c] = width{classStr, 0, uint8(c & 0x1f)}
	}
	for c := 0xe0; c < 0x100; c++ {
		w[c] = width{classInt, 0, 0}
	}
	w[0xc0] = width{classNil, 0, 0}
	w[0xc2], w[0xc3] = width{classBool, 0, 0}, width{classBool, 0, 0}
	w[0xca], w[0xcb] = width{classFloat, 0, 4}, width{classFloat, 0, 8}
	for i := range 3 {
		n := uint8(1 << i)
		w[0xc4+i] = width{classBin, n, 0}
		w[0xc7+i] = width{classExt, n, 0}
		w[0xd9+i] = width{classStr, n, 0}
	}
	for i := range 4 {
		w[0xcc+i] = width{classInt, 0, 1 << i}
		w[0xd0+i] = width{classInt, 0, 1 << i}
	}
	for i := range 5 {
		w[0xd4+i] = width{classExt, 0, 1 << i}
	}
	w[0xdc], w[0xdd] = width{classArray, 2, 0}, width{classArray, 4, 0}
	w[0xde], w[0xdf] = width{classMap, 2, 0}, width{classMap, 4, 0}
	return w
}()

// head reads the head of the value at b[i:]. It is false when the head does
// not end inside b; what follows the head is the caller's to check.
func head(b []byte, i int) (token, bool) {
	if i >= len(b) {
		return token{}, false
	}
	w := widths[b[i]]
	t := token{class: w.class, size: 1 + int(w.length), n: uint32(w.fixed)}
	if w.class == classExt {
		t.size++
	}
	if len(b)-i < t.size {
		return token{}, false
	}
	switch w.length {
	case 1:
		t.n = uint32(b[i+1])
	case 2:
		t.n = uint32(binary.BigEndian.Uint16(b[i+1:]))
	case 4:
		t.n = binary.BigEndian.Uint32(b[i+1:])
	}
	return t, true
}

// end returns where the value at i ends; for a container, where its head does.
func (t token) end(i int) int {
	if t.container() {
		return i + t.size
	}
	return i + t.size + int(t.n)
}

// integer returns the value of the classInt at b[i:] in two's complement, and
// whether it is negative. The scan has been there: all its bytes are in b.
func integer(b []byte, i int) (v uint64, negative bool) {
	switch c := b[i]; c {
	case 0xcc:
		return uint64(b[i+1]), false
	case 0xcd:
		return uint64(binary.BigEndian.Uint16(b[i+1:])), false
	case 0xce:
		return uint64(binary.BigEndian.Uint32(b[i+1:])), false
	case 0xcf:
		return binary.BigEndian.Uint64(b[i+1:]), false
	case 0xd0:
		return signed(int64(int8(b[i+1])))
	case 0xd1:
		return signed(int64(int16(binary.BigEndian.Uint16(b[i+1:]))))
	case 0xd2:
		return signed(int64(int32(binary.BigEndian.Uint32(b[i+1:]))))
	case 0xd3:
		return signed(int64(binary.BigEndian.Uint64(b[i+1:])))
	default:
		return signed(int64(int8(c)))
	}
}

func signed(v int64) (uint64, bool) { return uint64(v), v < 0 }
