package transport

import (
	"math/bits"
	"sync"
)

// A link keeps a buffer of keptBuffer. What needs a larger one takes it from the process, in sizes of a power of two up to
// 4 MiB, and gives it back when it is written: to make and clear one for each large message would cost more than to
// copy the message. What nobody takes is left to the collector.
const (
	keptBuffer   = bufferAfter * 2
	smallestPool = 18 // 256 KiB
	largestPool  = 22 // 4 MiB
)

var bufferPools [largestPool - smallestPool + 1]sync.Pool // of *[]byte

// withRoom gives a buffer that holds what is in b and has room for n bytes more. b must not be used any more.
func withRoom(b []byte, n int) []byte {
	need := len(b) + n
	if need <= cap(b) || need <= keptBuffer {
		return b // append does the rest
	}
	size := max(bits.Len(uint(need-1)), smallestPool)
	if size > largestPool {
		return b
	}
	p, ok := bufferPools[size-smallestPool].Get().(*[]byte)
	if !ok {
		fresh := make([]byte, 0, 1<<size)
		p = &fresh
	}
	grown := append((*p)[:0], b...)
	giveBuffer(b)
	return grown
}

// reuse empties a buffer. A large one goes back.
func reuse(b []byte) []byte {
	if cap(b) > keptBuffer {
		giveBuffer(b)
		return nil
	}
	return b[:0]
}

func giveBuffer(b []byte) {
	size := bits.Len(uint(cap(b))) - 1 // -1 of none
	if size >= smallestPool && size <= largestPool && cap(b) == 1<<size {
		bufferPools[size-smallestPool].Put(&b)
	}
}
