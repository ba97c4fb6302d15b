package wire

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/matryer/is"
)

// Every moment survives, also those whose bytes look like a map to msgpack.
func TestTimestamps(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	for _, want := range []time.Time{
		time.Unix(0, 0), time.Unix(1, 1), time.Unix(1_700_000_000, 0),
		time.Unix(0x80000000, 0), time.Unix(0x8fffffff, 0), time.Unix(0xdf002000, 0), time.Unix(0xdeadbeef, 0), // as 32 bits
		time.Unix(5, 0x80<<22), time.Unix(5, 600_000_000), time.Unix(1<<34-1, 0xdf<<22), time.Unix(0, 999_999_999), // as 64
		time.Unix(1<<34, 5), time.Unix(-1, 5), time.Unix(-62135596800, 0), // as 96
	} {
		b, err := Marshal(map[string]any{"t": want, "after": "x"})
		is.NoErr(err) // a moment can be encoded
		var typed struct {
			T     time.Time `json:"t"`
			After string    `json:"after"`
		}
		is.NoErr(Unmarshal(b, &typed)) // and decoded
		is.True(typed.T.Equal(want))   // as a time
		is.Equal(typed.After, "x")     // and what follows it, too
		var loose map[string]any
		is.NoErr(Unmarshal(b, &loose))              // into any as well
		is.True(loose["t"].(time.Time).Equal(want)) // where it is a time, too
		var wrong map[string]map[string]any
		is.True(Unmarshal(b, &wrong) != nil) // but never a map
	}
}

func TestTimestampsAsKeys(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	want := map[time.Time]int{time.Unix(0x80000000, 0).UTC(): 1, time.Unix(5, 0x80<<22).UTC(): 2}
	b, err := Marshal(want)
	is.NoErr(err) // moments are keys
	var got map[time.Time]int
	is.NoErr(Unmarshal(b, &got)) // in both directions
	for at, n := range got {
		is.Equal(want[at.UTC()], n) // and the same
	}
	is.Equal(len(got), len(want)) // all of them
}

func TestWiden(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	b := []byte{0x92, 0xd6, 0xff, 0xdf, 0, 0x20, 0, 0xd6, 0xff, 0x7f, 0, 0, 0}
	var s scanner
	is.NoErr(s.scan(b)) // two timestamps
	is.Equal(s.wide, 1) // one of which looks like a map
	wide := widen(b, s.wide)
	is.Equal(wide[1:8], []byte{0xc7, 12, 0xff, 0, 0, 0, 0})         // it is written in 12 bytes
	is.Equal(binary.BigEndian.Uint64(wide[8:]), uint64(0xdf002000)) // with the same seconds
	is.Equal(wide[16:], b[7:])                                      // the other stays
	is.NoErr(Scan(wide))                                            // and all is sound
}
