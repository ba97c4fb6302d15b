package transport

import (
	"bytes"
	"testing"

	"github.com/matryer/is"
)

func TestWithRoom(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	b := withRoom([]byte("word"), 100)
	is.Equal(string(b), "word")                       // a small one grows by append
	is.Equal(cap(withRoom(nil, keptBuffer+1)), 1<<18) // none is as good
	for _, size := range []int{keptBuffer + 1, 1 << 18, 1<<18 + 1, 1 << 20, 1 << 22} {
		b = withRoom(b, size-len(b))
		is.True(cap(b) >= size)                     // there is room
		is.True(cap(b) < 2*size || cap(b) == 1<<18) // and not much more
		is.True(bytes.HasPrefix(b, []byte("word"))) // what was there still is
		b = append(b[:4], noise(size-4)...)         // which may be used
		is.Equal(cap(b)&(cap(b)-1), 0)              // without growing
	}
	b = withRoom(b, 1) // larger than any that is kept
	is.Equal(len(b), 1<<22)
	is.Equal(reuse(b), nil)
	is.Equal(cap(reuse(make([]byte, 7, 100))), 100) // a small one stays
}
