package wire

import (
	"errors"
	"testing"

	"github.com/matryer/is"
	"github.com/vmihailenco/msgpack/v5"
)

// Nesting costs the library stack, until the process dies; and it takes the
// last of two equal keys where another reader may take the first.
func TestMsgpackAcceptsTooMuch(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var v any
	deep := make([]byte, 10_000)
	for i := range deep {
		deep[i] = 0x91
	}
	deep[len(deep)-1] = 0xc0
	is.NoErr(msgpack.Unmarshal(deep, &v))               // the library follows every level
	is.True(errors.Is(Unmarshal(deep, &v), ErrTooDeep)) // we stop at MaxDepth

	twice := []byte{0x82, 0xa1, 'a', 1, 0xa1, 'a', 2}
	v = nil
	is.NoErr(msgpack.Unmarshal(twice, &v))                    // the library takes the last
	is.True(errors.Is(Unmarshal(twice, &v), ErrDuplicateKey)) // we take none

	v = nil
	is.NoErr(msgpack.Unmarshal([]byte{0x90, 0xc1}, &v))                // the library does not look at the end
	is.True(errors.Is(Unmarshal([]byte{0x90, 0xc1}, &v), ErrTrailing)) // we do
}
