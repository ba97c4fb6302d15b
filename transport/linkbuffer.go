package transport

import "sync"

// Buffers of 4 KiB and more belong to the process: a link takes one when it needs it, and gives it back when it is written.
// To make and clear one for each large message would cost more than to copy the message. They hold a power of two, up to
// 4 MiB, and a 64th more, so that a body of such a size fits together with what is around it; the largest takes what
// DefaultMaxFrame allows. What nobody takes is left to the collector.
const (
	smallestBuffer = 12 // 4 KiB
	largestBuffer  = 22 // 4 MiB

	// keptBuffer is the most that a link keeps while it is idle: 128 KiB and a 64th.
	keptBuffer = 65<<(17-6) + frameOverhead

	frameOverhead = longHdr + curveOverhead // of a message
)

var bufferPools [largestBuffer - smallestBuffer + 1]sync.Pool // of *[]byte

// bufferSize is the capacity of a pool's buffers.
func bufferSize(pool int) int { return 65<<(smallestBuffer+pool-6) + frameOverhead }

// withRoom gives a buffer that holds what is in b, which must not be used any more, and has room for n bytes more. Where
// that is too little or too much for a buffer of the process it gives b as it is: append does the rest.
func withRoom(b []byte, n int) []byte {
	need := len(b) + n
	if need <= cap(b) || need < 1<<smallestBuffer {
		return b
	}
	for pool := range bufferPools {
		if need <= bufferSize(pool) {
			grown := append(takeBuffer(pool), b...)
			giveBuffer(b)
			return grown
		}
	}
	return b
}

func takeBuffer(pool int) []byte {
	if p, ok := bufferPools[pool].Get().(*[]byte); ok {
		return (*p)[:0]
	}
	return make([]byte, 0, bufferSize(pool))
}

// giveBuffer takes back a buffer of the process. What append has made is left to the collector.
func giveBuffer(b []byte) {
	for pool := range bufferPools {
		if cap(b) == bufferSize(pool) {
			back := b // b itself would be allocated for every call
			bufferPools[pool].Put(&back)
			return
		}
	}
}

// reuse empties a buffer, or gives it back if it is larger than a link keeps.
func reuse(b []byte) []byte {
	if cap(b) > keptBuffer {
		giveBuffer(b)
		return nil
	}
	return b[:0]
}
