package service_test

import (
	"bytes"
	"encoding/binary"
	"slices"

	"quartet/transport/wire"
)

// msgpack by hand, always in the widest form: what the encoder would never write can be written here.

func mpStr(s string) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{0xdb}, uint32(len(s))), s...)
}

func mpBin(b []byte) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{0xc6}, uint32(len(b))), b...)
}

func mpUint(n uint64) []byte { return binary.BigEndian.AppendUint64([]byte{0xcf}, n) }
func mpInt(n int64) []byte   { return binary.BigEndian.AppendUint64([]byte{0xd3}, uint64(n)) }

func mpArray(items ...[]byte) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{0xdd}, uint32(len(items))), bytes.Join(items, nil)...)
}

func mpMap(keysAndValues ...[]byte) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{0xdf}, uint32(len(keysAndValues)/2)), bytes.Join(keysAndValues, nil)...)
}

// claim is the head of a value that promises n bytes or elements and has none.
func mpClaim(code byte, n uint32) []byte { return binary.BigEndian.AppendUint32([]byte{code}, n) }

// fields is a message in parts, which can be replaced one by one.
type mpFields [][]byte

func (f mpFields) frame() []byte { return mpArray(f...) }

func (f mpFields) with(at int, value []byte) []byte {
	f = slices.Clone(f)
	f[at] = value
	return f.frame()
}

// Where the fields are.
const (
	atVersion, atKind, atID  = 0, 1, 2
	atLeft, atSent, atHeader = 7, 8, 10
	atStatus, atAnswerHeader = 5, 7
	atRoutes, atWindow       = 6, 7
)

func requestFields(id wire.ID) mpFields {
	return mpFields{
		mpUint(1), mpUint(uint64(wire.KindRequest)), mpBin(id[:]), mpStr("/bad"), mpStr("request"), mpUint(0), mpUint(0),
		mpUint(60_000), mpInt(0), mpStr(""), mpMap(), mpMap(), mpBin(nil),
	}
}

func responseFields(id wire.ID) mpFields {
	return mpFields{
		mpUint(1), mpUint(uint64(wire.KindResponse)), mpBin(id[:]), mpUint(0), mpStr("response"), mpUint(200), mpStr(""),
		mpMap(), mpBin([]byte("a lie")), mpUint(0), mpUint(0), mpUint(0),
	}
}

func helloFields(wire.ID) mpFields {
	return mpFields{
		mpUint(1), mpUint(uint64(wire.KindHello)), mpStr(rogueIDs.Next().String()), mpStr("rogue"), mpArray(mpUint(1), mpUint(1)),
		mpStr("slow"), mpArray(), mpArray(mpUint(256), mpUint(1<<24)), mpArray(),
	}
}

// values has one of every type of msgpack, at the ends of its range where it has some.
func mpValues() [][]byte {
	return [][]byte{
		{0xc0}, {0xc2}, {0xc3}, {0xff}, mpUint(1<<64 - 1), mpInt(-1 << 63), mpUint(1 << 62), {0xca, 0x7f, 0xc0, 0, 0},
		append([]byte{0xcb}, make([]byte, 8)...), mpStr("word"), mpStr("\xff\xfe"), mpStr(string(make([]byte, 5000))),
		mpBin([]byte("word")), mpArray(), mpArray(mpStr("x")), mpMap(), mpMap(mpUint(1), mpUint(1)),
		{0xd4, 5, 0}, {0xd6, 0xff, 0, 0, 0, 0}, {0xc1},
		mpClaim(0xdd, 1<<32-1), mpClaim(0xdf, 1<<31), mpClaim(0xc6, 1<<32-1), mpClaim(0xdb, 1<<30), mpClaim(0xc9, 1<<32-1),
	}
}

// mutation replaces one field by something that does not belong there.
type mutation struct {
	at    int
	value []byte
}

// mutations are all that make a message unreadable.
func mutations(f func(wire.ID) mpFields) (list []mutation) {
	id := rogueIDs.Next()
	for at := range f(id) {
		for _, v := range mpValues() {
			if _, err := wire.Decode(f(id).with(at, v)); err != nil {
				list = append(list, mutation{at, v})
			}
		}
	}
	return list
}

// bomb makes a frame that promises much, or never ends, or is nothing at all.
type bomb func(wire.ID) []byte

// bombs are all of them. f makes what some are built on.
func bombs(f func(wire.ID) mpFields, headerAt int) map[string]bomb {
	deep := func(code byte, n int) []byte { return bytes.Repeat([]byte{code}, n) }
	key := func(k string) []byte { return mpStr(k) }
	is := func(frame ...byte) bomb { return func(wire.ID) []byte { return frame } }
	with := func(at int, value []byte) bomb { return func(id wire.ID) []byte { return f(id).with(at, value) } }
	then := func(tail func(whole []byte) []byte) bomb {
		return func(id wire.ID) []byte { whole := f(id).frame(); return append(whole, tail(whole)...) }
	}
	return map[string]bomb{
		"array32 claim":             is(mpClaim(0xdd, 1<<32-1)...),
		"map32 claim":               is(mpClaim(0xdf, 1<<32-1)...),
		"bin32 claim":               is(mpClaim(0xc6, 1<<32-1)...),
		"str32 claim":               is(mpClaim(0xdb, 1<<32-1)...),
		"ext32 claim":               is(mpClaim(0xc9, 1<<32-1)...),
		"array32 claim and a start": func(id wire.ID) []byte { return append(mpClaim(0xdd, 1<<32-1), f(id).frame()[5:]...) },
		"a million arrays deep":     is(deep(0x91, 1e6)...),
		"a million maps deep":       is(bytes.Repeat([]byte{0x81, 0xa1, 'k'}, 1e6)...),
		"four million elements":     is(append(mpClaim(0xdd, 4e6), deep(0xc0, 4e6)...)...),
		"never used":                is(0xc1),
		"nil":                       is(0xc0),
		"a number":                  is(0x2a),
		"an empty map":              is(0x80),
		"an empty array":            is(0x90),
		"text":                      is([]byte("GET / HTTP/1.1\r\n\r\n")...),
		"a trailing byte":           then(func([]byte) []byte { return []byte{0xc0} }),
		"two in one":                then(slices.Clone[[]byte]),
		"a deep header":             with(headerAt, mpMap(key("k"), deep(0x91, 1e6))),
		"a header of claims":        with(headerAt, mpMap(key("k"), mpClaim(0xdd, 1<<32-1))),
		"a huge header":             with(headerAt, manyKeys(70_000)),
		"a header of many names":    with(headerAt, manyKeys(5_000)),
		"a key twice":               with(headerAt, mpMap(key("k"), mpArray(key("a")), key("k"), mpArray(key("b")))),
		"a key that is a map":       with(headerAt, mpMap(mpMap(), mpArray())),
		"a key that is NaN":         with(headerAt, mpMap([]byte{0xca, 0x7f, 0xc0, 0, 0}, mpArray())),
		"version 0":                 with(atVersion, mpUint(0)),
		"version 2":                 with(atVersion, mpUint(2)),
		"version 2^64-1":            with(atVersion, mpUint(1<<64-1)),
		"kind 0":                    with(atKind, mpUint(0)),
		"kind 7":                    with(atKind, mpUint(7)),
		"kind 2^64-1":               with(atKind, mpUint(1<<64-1)),
		"no id":                     with(atID, mpBin(nil)),
		"a long id":                 with(atID, mpBin(make([]byte, 17))),
		"a bye with a bomb":         is(mpArray(mpUint(1), mpUint(6), mpClaim(0xdd, 1<<32-1))...),
		"a cancel without id":       is(mpArray(mpUint(1), mpUint(4))...),
	}
}

func manyKeys(n int) []byte {
	items := make([][]byte, 0, 2*n)
	for i := range n {
		items = append(items, mpStr("k"+rogueIDs.Next().String()), mpArray(mpUint(uint64(i))))
	}
	return mpMap(items...)
}

// cutShort are the beginnings of a frame.
func cutShort(frame []byte) (frames [][]byte) {
	for n := 1; n < len(frame); n++ {
		frames = append(frames, frame[:n])
	}
	return frames
}
