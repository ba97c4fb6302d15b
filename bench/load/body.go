// Package load makes the load and measures it: callers that wait for each other's end (closed loop), calls at a fixed
// rate (open loop), fire-and-forget, and HTTP through wrk. Every answer is compared with what was sent.
package load

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"time"
)

// Work is what a client shall do. All times begin when the client is told to go.
type Work struct {
	Callers int           // that work at a time
	Size    int           // bytes of a body, at least 16
	Warm    time.Duration // before it counts
	Time    time.Duration // that counts
	Rate    float64       // calls per second, open loop only
}

// body is what one caller sends. No two calls of a run send the same, so a crossed or repeated answer shows.
type body struct {
	bytes  []byte
	number uint64
}

const bodyHead = 16 // the caller and the number of the call

func newBody(caller, size int) *body {
	b := &body{bytes: make([]byte, max(size, bodyHead))}
	for i := range b.bytes {
		b.bytes[i] = byte(i*7 + caller)
	}
	binary.BigEndian.PutUint64(b.bytes, uint64(caller))
	return b
}

// next makes it the body of another call.
func (b *body) next() []byte {
	b.number++
	binary.BigEndian.PutUint64(b.bytes[8:], b.number)
	return b.bytes
}

// check says whether an answer is this body.
func (b *body) check(answer []byte) error {
	if !bytes.Equal(answer, b.bytes) {
		return fmt.Errorf("a wrong answer: %d bytes beginning with %x, not %d beginning with %x",
			len(answer), answer[:min(len(answer), bodyHead)], len(b.bytes), b.bytes[:bodyHead])
	}
	return nil
}

// callerOf tells whose body an answer is.
func callerOf(answer []byte) (caller int, ok bool) {
	if len(answer) < bodyHead {
		return 0, false
	}
	return int(binary.BigEndian.Uint64(answer)), true
}
