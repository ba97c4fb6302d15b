//go:build !race

package wire

import (
	"errors"
	"testing"

	"github.com/matryer/is"
	"github.com/vmihailenco/msgpack/v5"
)

// What msgpack v5.4.1 does with a few bytes from a stranger, and what Unmarshal
// does with the same. If the first half of a test fails after an update, the
// library has become safer: rejoice, and keep the scan.

type field struct {
	List []int64        `msgpack:"l"`
	Map  map[string]any `msgpack:"m"`
}

// Five bytes that claim n elements make the library allocate n elements.
func TestAllocMsgpackBelievesClaims(t *testing.T) {
	is := is.New(t)
	const claimed = 1 << 20
	array := []byte{0xdd, 0, 0x10, 0, 0}
	object := []byte{0xdf, 0, 0x10, 0, 0}
	blob := []byte{0xc6, 0, 0x10, 0, 0}
	for _, c := range []struct {
		input []byte
		into  func() any
		least uint64 // bytes
	}{
		{array, func() any { return new(any) }, 16 * claimed},
		{object, func() any { return new(any) }, 16 * claimed},
		{blob, func() any { return new([]byte) }, claimed},
		{append([]byte{0x81, 0xa1, 'l'}, array...), func() any { return new(field) }, 8 * claimed},
		{append([]byte{0x81, 0xa1, 'm'}, object...), func() any { return new(field) }, 16 * claimed},
	} {
		var theirs, ours error
		into := c.into()
		is.True(allocated(func() { theirs = msgpack.Unmarshal(c.input, into) }) >= c.least) // the library believes the claim
		is.True(theirs != nil)                                                              // and then finds nothing behind it

		is.True(allocated(func() { ours = Unmarshal(c.input, into) }) < mostForRefusal) // we do not
		is.True(errors.Is(ours, ErrTruncated))                                          // and say why
	}
}

// Where a map is wanted, the library reads on inside an extension. So even an
// input in which every claim is true can claim what it likes.
func TestAllocMsgpackReadsMapsInTimestamps(t *testing.T) {
	is := is.New(t)
	const claimed = 1 << 19 // entries, by bytes that are seconds and one integer
	input := []byte{0x92, 0xd6, 0xff, 0xdf, 0, 0x08, 0, 0x00}
	is.NoErr(Scan(input)) // a moment and a number
	var into []map[string]any
	is.True(allocated(func() { msgpack.Unmarshal(input, &into) }) >= 16*claimed) // half a million entries to the library
	is.True(allocated(func() { Unmarshal(input, &into) }) < mostForRefusal)      // a moment to us
	is.True(Unmarshal(input, &into) != nil)                                      // and no map
}
