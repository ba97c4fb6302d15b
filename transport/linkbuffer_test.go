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
	is.Equal(string(b), "word")       // a small one grows by append
	is.Equal(withRoom(nil, 100), nil) // so does none
	for size := 1 << 12; size <= 1<<22; size *= 2 {
		for _, need := range []int{size, size + size/64 + frameOverhead} { // bare, and with all that may be around it
			b = withRoom(b, need-len(b))
			is.True(cap(b) >= need)                     // there is room
			is.True(cap(b) < size+size/50+100)          // and little more
			is.True(bytes.HasPrefix(b, []byte("word"))) // what was there still is
			was := cap(b)
			b = append(b[:4], noise(need-4)...) // room that may be used
			is.Equal(cap(b), was)
		}
	}
	is.True(cap(b) >= DefaultMaxFrame+frameOverhead) // the largest takes whatever may be sent
	is.True(len(withRoom(b, 1)) == len(b))           // beyond, append makes it
	is.Equal(cap(withRoom(nil, 1<<23)), 0)           // there, too
	is.Equal(reuse(b), nil)                          // a large one goes back
	is.Equal(cap(reuse(make([]byte, 7, 100))), 100)  // a small one stays
	is.Equal(cap(reuse(withRoom(nil, 1<<17))), keptBuffer)
}

// TestSealTakesSharedBuffers: what a box is made of lies in a buffer of the process, too.
func TestSealTakesSharedBuffers(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s := &curveSession{}
	body := make([]byte, 1<<17)
	is.Equal(len(s.seal(nil, 0, body)), longHdr+curveOverhead+len(body))
	is.Equal(cap(s.scratch), 0) // and has gone back
	s.seal(nil, 0, body[:100])
	is.True(cap(s.scratch) > 100) // a small one stays
}
