package wire

import "encoding/binary"

// timestamp reports whether the extension at b[i:] is a timestamp in one of
// the three forms of the msgpack specification, with less than a second of
// nanoseconds. The scan has checked its length.
func timestamp(b []byte, i int, t token) bool {
	form := b[i] == 0xd6 || b[i] == 0xd7 || b[i] == 0xc7 && t.n == 12
	if !form || b[i+t.size-1] != 0xff { // type -1
		return false
	}
	_, nano := instant(b[i+t.size : t.end(i)])
	return nano < 1e9
}

// instant returns seconds and nanoseconds of the payload of a timestamp.
func instant(payload []byte) (sec int64, nano uint32) {
	switch len(payload) {
	case 4:
		return int64(binary.BigEndian.Uint32(payload)), 0
	case 8:
		v := binary.BigEndian.Uint64(payload)
		return int64(v & (1<<34 - 1)), uint32(v >> 34)
	default:
		return int64(binary.BigEndian.Uint64(payload[4:])), binary.BigEndian.Uint32(payload)
	}
}

// mapLike reports whether c, the first byte of a timestamp, is also the code of
// a map. Where it wants a map, msgpack v5.4.1 skips the head of an extension and
// reads on inside: the bytes of a moment in 2089 become a map of four billion
// entries, and memory for them is asked for.
func mapLike(c byte) bool { return c&0xf0 == 0x80 || c == 0xde || c == 0xdf }

// widen returns a copy of b, which the scan has accepted, with its n map-like
// timestamps in their 12-byte form. That form starts with the nanoseconds, of
// which the first byte is at most 0x3b and never the code of a map.
func widen(b []byte, n int) []byte {
	const grown = 9 // at most, from 6 to 15 bytes
	out := make([]byte, 0, len(b)+grown*n)
	for i := 0; i < len(b); {
		t, _ := head(b, i)
		end := t.end(i)
		if t.class == classExt && mapLike(b[i+t.size]) {
			sec, nano := instant(b[i+t.size : end])
			out = append(out, 0xc7, 12, 0xff)
			out = binary.BigEndian.AppendUint32(out, nano)
			out = binary.BigEndian.AppendUint64(out, uint64(sec))
		} else {
			out = append(out, b[i:end]...)
		}
		i = end
	}
	return out
}
