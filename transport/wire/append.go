package wire

import (
	"math"
	"time"
)

// Append appends m as one msgpack array to dst and returns the longer slice. It
// refuses what Decode would refuse, and returns dst as it was beside the error:
// a *FieldError, or one that is ErrTooLarge. It copies all it needs, and
// allocates only when dst is too short.
func Append(dst []byte, m Message) ([]byte, error) {
	e := encoder{out: dst}
	if err := e.all(m); err != nil {
		return dst, err
	}
	return e.out, nil
}

// Parts is an encoded message: what comes before the bytes of the body, these, and what comes after them.
type Parts [3][]byte

// AppendParts is Append for whoever copies the message anyway: the body is left where it is, and the other parts are what
// was appended to dst.
func AppendParts(dst []byte, m Message) (longer []byte, p Parts, err error) {
	e := encoder{out: dst, apart: true}
	if err := e.all(m); err != nil {
		return dst, p, err
	}
	return e.out, Parts{e.out[len(dst):e.bodyAt], e.bodyBytes, e.out[e.bodyAt:]}, nil
}

// all checks and appends a message.
func (e *encoder) all(m Message) error {
	if err := Check(m); err != nil {
		return err
	}
	before := len(e.out)
	e.bodyAt = before
	e.array(shapes[m.Kind()].fields)
	e.uint(Version)
	e.uint(uint64(m.Kind()))
	e.message(m)
	size := len(e.out) - before
	if e.apart {
		size += len(e.bodyBytes)
	}
	return checkSize(m.Kind(), size, len(e.bodyBytes))
}

// shape is the layout of a kind: the elements of its array, how many of them
// peers of before have (0: all), and which of them is the body (0: none).
type shape struct{ fields, least, body int }

var shapes = [...]shape{
	KindRequest:  {fields: 13, body: 12},
	KindResponse: {fields: 12, body: 8},
	KindForward:  {fields: 9, body: 8},
	KindCancel:   {fields: 3},
	KindHello:    {fields: 10, least: 9},
	KindBye:      {fields: 2},
}

// checkSize checks the size of a message of which body bytes are its body.
func checkSize(k Kind, size, body int) error {
	most := MaxEnvelope
	if k == KindHello {
		most = MaxHello
	}
	if size-body > most {
		return tooLarge("message", size-body, most)
	}
	if uint64(size) > math.MaxUint32 {
		return ErrTooLarge
	}
	return nil
}

// message writes the fields of m.
func (e *encoder) message(m Message) {
	switch m := m.(type) {
	case *Request:
		e.request(m)
	case *Response:
		e.response(m)
	case *Forward:
		e.forward(m)
	case *Cancel:
		e.id(&m.ID)
	case *Hello:
		e.hello(m)
	}
}

func (e *encoder) request(r *Request) {
	e.id(&r.ID)
	e.str(r.Path)
	e.str(r.Method)
	e.uint(uint64(r.Flags))
	e.uint(uint64(r.Hops))
	e.uint(uint64(ceilMillis(r.Left)))
	e.int(r.Sent)
	e.str(r.From)
	e.header(r.Header)
	e.args(r.Args)
	e.body(r.Body)
}

// ceilMillis rounds up: work that has half a millisecond left has not expired.
func ceilMillis(d time.Duration) time.Duration {
	if d%time.Millisecond > 0 {
		return d/time.Millisecond + 1
	}
	return d / time.Millisecond
}

func (e *encoder) response(r *Response) {
	e.id(&r.ID)
	e.uint(uint64(r.Outcome))
	e.str(r.Method)
	e.uint(uint64(r.Status))
	e.str(r.Reason)
	e.header(r.Header)
	e.body(r.Body)
	e.uint(uint64(r.Queued / time.Microsecond))
	e.uint(uint64(r.Run / time.Microsecond))
	e.uint(uint64(r.Load))
}

func (e *encoder) forward(f *Forward) {
	e.id(&f.ID)
	e.str(f.Service)
	e.str(f.Path)
	e.str(f.Method)
	e.header(f.Header)
	e.args(f.Args)
	e.body(f.Body)
}

func (e *encoder) hello(h *Hello) {
	e.str(h.Instance)
	e.str(h.Name)
	e.array(2)
	e.uint(uint64(h.MinVersion))
	e.uint(uint64(h.MaxVersion))
	e.str(h.Service)
	e.routes(h.Routes)
	e.array(2)
	e.uint(uint64(h.WindowMessages))
	e.uint(h.WindowBytes)
	e.strs(h.Services)
	e.int(h.Sent)
}
