package transport

import "time"

// A link is fast with so many messages in so long. Only then others are waited for: whoever has to do with a slow one
// may have the processors busy with something else.
const (
	fastMessages = 8
	fastSpan     = time.Millisecond
)

// A stream is so many messages of which each comes so soon after the write of the one before that no answer can have
// been waited for: it is written by the goroutine, many messages at a time.
const (
	streamMessages = 16
	streamGap      = time.Microsecond
)

// writePace tells whether a link is fast, and whether a stream is sent on it.
type writePace struct {
	from   int64 // ticks
	n      int
	fast   bool
	streak int
}

// joinsStream counts a message that is about to be written, and says whether it belongs to a stream. The last write ended at
// last.
func (p *writePace) joinsStream(last int64) bool {
	p.streak++
	if ticks()-last > int64(streamGap) {
		p.streak = 0
	}
	return p.streak >= streamMessages
}

func (p *writePace) wrote(messages int, now int64) {
	p.n += messages
	if span := now - p.from; span >= int64(fastSpan) {
		p.fast = int64(p.n)*int64(fastSpan) >= fastMessages*span
		p.from, p.n = now, 0
	}
}
