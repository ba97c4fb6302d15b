package wire

import (
	"encoding/binary"
	"math"
)

// numberKey is the length of a key that is no text: class, sign, 8 bytes, nanoseconds.
const numberKey = 14

// textual reports whether a key is told by its bytes alone.
func (t token) textual() bool { return t.class == classStr || t.class == classBin }

// keyOf returns the bytes that tell the key t at i from others, such that keys
// which are the same to a reader in some language have the same bytes: str and
// bin by content, numbers by value, timestamps by instant. Keys that are no
// text are written to buf.
func keyOf(b []byte, t token, i int, buf *[numberKey]byte) []byte {
	payload := b[i+t.size : i+t.size+int(t.n)]
	switch t.class {
	case classStr, classBin:
		return payload
	case classInt:
		v, negative := integer(b, i)
		putNumber(buf, classInt, v, negative, 0)
	case classFloat:
		putFloat(buf, payload)
	case classExt:
		sec, nano := instant(payload)
		putNumber(buf, classExt, uint64(sec), sec < 0, nano)
	default:
		putNumber(buf, t.class, uint64(b[i]), false, 0)
	}
	return buf[:]
}

// putFloat writes a float that is whole as the integer that equals it.
func putFloat(buf *[numberKey]byte, payload []byte) {
	var f float64
	if len(payload) == 4 {
		f = float64(math.Float32frombits(binary.BigEndian.Uint32(payload)))
	} else {
		f = math.Float64frombits(binary.BigEndian.Uint64(payload))
	}
	switch {
	case f != math.Trunc(f) || f < -1<<63 || f >= 1<<64: // also NaN
		putNumber(buf, classFloat, math.Float64bits(f), false, 0)
	case f < 0:
		putNumber(buf, classInt, uint64(int64(f)), true, 0)
	default:
		putNumber(buf, classInt, uint64(f), false, 0)
	}
}

func putNumber(buf *[numberKey]byte, c class, v uint64, negative bool, nano uint32) {
	buf[0], buf[1] = byte(c), 0
	if negative {
		buf[1] = 1 // or -1 would be 2^64-1
	}
	binary.BigEndian.PutUint64(buf[2:], v)
	binary.BigEndian.PutUint32(buf[10:], nano)
}
