package service

import (
	"sync"

	"quartet/transport/wire"
)

// encoding is a message on its way to a link, which copies it. What is around the body lies in a buffer that is used again.
type encoding struct {
	buf   []byte
	parts wire.Parts
}

var encodings = sync.Pool{New: func() any { return &encoding{buf: make([]byte, 0, 1024)} }}

// encode encodes a message, to be freed.
func encode(m wire.Message) (*encoding, error) {
	e := encodings.Get().(*encoding)
	var err error
	if e.buf, e.parts, err = wire.AppendParts(e.buf[:0], m); err != nil {
		e.free()
		return nil, err
	}
	return e, nil
}

// free gives it back without any reference to the body.
func (e *encoding) free() {
	e.parts = wire.Parts{}
	encodings.Put(e)
}
