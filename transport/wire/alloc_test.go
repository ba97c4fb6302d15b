//go:build !race

package wire

import (
	"runtime"
	"testing"

	"github.com/matryer/is"
)

// The tests in this file count what the whole process allocates, so they must
// not run beside others: no t.Parallel. The race detector allocates, too.

const mostForRefusal = 64 << 10

// Refusing an input costs little memory, whatever the input claims.
func TestAllocRefusals(t *testing.T) {
	is := is.New(t)
	for _, v := range readBadVectors(is) {
		b := v.bytes(is)
		is.True(allocated(func() { v.refuse(b) }) <= mostForRefusal) // by Scan or Decode
		if v.As == "value" {
			into := new(any)
			is.True(allocated(func() { Unmarshal(b, into) }) <= mostForRefusal) // by Unmarshal
		}
	}
	largest := mapOf(32767, 5, textKey)
	is.True(allocated(func() { Scan(largest) }) <= mostForRefusal) // a map as large as can be
}

// allocated returns the bytes that fn allocates.
func allocated(fn func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	fn()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestAllocScan(t *testing.T) {
	is := is.New(t)
	frame, err := Append(nil, fullRequest(ID{1}))
	is.NoErr(err) // a good message
	large := mapOf(32767, -1, textKey)
	numbers := mapOf(1000, -1, numKey)
	is.Equal(testing.AllocsPerRun(100, func() { Scan(frame) }), 0.0)  // a message
	is.Equal(testing.AllocsPerRun(10, func() { Scan(large) }), 0.0)   // a map as large as can be
	is.Equal(testing.AllocsPerRun(10, func() { Scan(numbers) }), 0.0) // keys that are numbers
}

func TestAllocAppend(t *testing.T) {
	is := is.New(t)
	request := fullRequest(ID{1})
	dst := make([]byte, 0, 4096)
	is.Equal(testing.AllocsPerRun(100, func() { dst, _ = Append(dst[:0], request) }), 0.0) // into a slice that is long enough
	is.Equal(testing.AllocsPerRun(100, func() { dst, _, _ = AppendParts(dst[:0], request) }), 0.0)
}

// One allocation each: the message, all its strings, its header and the values
// in it, its arguments. Maps take two.
func TestAllocDecode(t *testing.T) {
	is := is.New(t)
	small, err := Append(nil, &Response{Method: "response", Status: 200, Body: make([]byte, 1<<20)})
	is.NoErr(err) // a message of which most is body
	full, err := Append(nil, fullRequest(ID{1}))
	is.NoErr(err)                                                     // and one with everything
	is.True(testing.AllocsPerRun(100, func() { Decode(small) }) <= 2) // message and strings
	is.True(allocated(func() { Decode(small) }) < 4096)               // the body is not copied
	is.True(testing.AllocsPerRun(100, func() { Decode(full) }) <= 8)  // with header and arguments
}

// A cycle ends long before the stack does.
func TestAllocCycles(t *testing.T) {
	is := is.New(t)
	loop := &cycle{}
	loop.Next = loop
	var err error
	n := allocated(func() { _, err = Marshal(loop) })
	is.True(err != nil) // it is refused
	is.True(n < 16<<20) // for a few megabytes
}
