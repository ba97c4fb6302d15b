package wire

import (
	"cmp"
	"fmt"
	"math"
	"time"
)

// Decode reads one message. It takes the frame over: the Body of the message is
// a part of it, so it must not be written to again; all else is copied.
//
// The error is a *DecodeError around a *MalformedError, ErrVersion or ErrKind.
// Elements that a later version appended to the message are skipped. Empty
// bodies, headers and arguments are nil in the message.
func Decode(frame []byte) (Message, error) {
	m, err := decode(frame)
	if err != nil {
		return nil, decodeError(frame, err)
	}
	return m, nil
}

func decode(frame []byte) (Message, error) {
	s := scanner{strict: true}
	if err := s.scan(frame); err != nil {
		return nil, err
	}
	c := cursor{b: frame}
	more := c.tuple("message", 2)
	version := c.uint("version", math.MaxUint64)
	kind := c.uint("kind", math.MaxUint64)
	switch {
	case c.err != nil:
		return nil, c.err
	case version < MinVersion || version > Version:
		return nil, fmt.Errorf("%w: %d", ErrVersion, version)
	case kind == 0 || kind >= uint64(len(shapes)):
		return nil, fmt.Errorf("%w: %d", ErrKind, kind)
	}
	if need := cmp.Or(shapes[kind].least, shapes[kind].fields); more+2 < need {
		return nil, malformed(0, &FieldError{"message", fmt.Sprintf("must have %d elements", need), ErrInvalid})
	}
	return c.message(Kind(kind), more+2, &s)
}

// message reads the fields of a message of kind k and that many elements, of
// which the scan knows where they start.
func (c *cursor) message(k Kind, elements int, s *scanner) (Message, error) {
	texts, body := len(c.b), 0
	if n := shapes[k].body; n > 0 {
		texts = int(s.starts[n])
		if t, _ := head(c.b, texts); t.class == classBin {
			body = int(t.n)
		}
	}
	if err := checkSize(k, len(c.b), body); err != nil {
		return nil, malformed(-1, err)
	}
	c.text = string(c.b[:texts])

	m := c.fields(k, elements)
	if c.err != nil {
		return nil, c.err
	}
	if err := Check(m); err != nil {
		return nil, malformed(-1, err)
	}
	return m, nil
}

func (c *cursor) fields(k Kind, elements int) Message {
	switch k {
	case KindRequest:
		return c.request()
	case KindResponse:
		return c.response()
	case KindForward:
		return c.forward()
	case KindCancel:
		return &Cancel{ID: c.id()}
	case KindHello:
		return c.hello(elements)
	default:
		return &Bye{}
	}
}

// The fields of a literal are read in the order in which they are written.

func (c *cursor) request() *Request {
	return &Request{
		ID:     c.id(),
		Path:   c.str("path"),
		Method: c.str("METHOD"),
		Flags:  Flags(c.uint("flags", math.MaxUint8)),
		Hops:   uint8(c.uint("hops", math.MaxUint8)),
		Left:   time.Duration(c.uint("left", uint64(MaxLeft/time.Millisecond))) * time.Millisecond,
		Sent:   c.int("sent"),
		From:   c.str("from"),
		Header: c.header(),
		Args:   c.args(),
		Body:   c.bin("body"),
	}
}

func (c *cursor) response() *Response {
	return &Response{
		ID:      c.id(),
		Outcome: Outcome(c.uint("outcome", math.MaxUint8)),
		Method:  c.str("METHOD"),
		Status:  int(c.uint("status", math.MaxUint16)),
		Reason:  c.str("reason"),
		Header:  c.header(),
		Body:    c.bin("body"),
		Queued:  c.micros("queued"),
		Run:     c.micros("run"),
		Load:    uint32(c.uint("load", math.MaxUint32)),
	}
}

func (c *cursor) forward() *Forward {
	return &Forward{
		ID:      c.id(),
		Service: c.str("service"),
		Path:    c.str("path"),
		Method:  c.str("METHOD"),
		Header:  c.header(),
		Args:    c.args(),
		Body:    c.bin("body"),
	}
}

func (c *cursor) hello(elements int) *Hello {
	h := &Hello{Instance: c.str("instance"), Name: c.str("name")}
	more := c.tuple("versions", 2)
	h.MinVersion = uint8(c.uint("versions", math.MaxUint8))
	h.MaxVersion = uint8(c.uint("versions", math.MaxUint8))
	c.skip(more)
	h.Service = c.str("service")
	h.Routes = c.routes()
	more = c.tuple("window", 2)
	h.WindowMessages = uint32(c.uint("window", math.MaxUint32))
	h.WindowBytes = c.uint("window", math.MaxUint64)
	c.skip(more)
	h.Services = c.strs("services", MaxServices)
	if elements >= shapes[KindHello].fields {
		h.Sent = c.int("sent")
	}
	return h
}
