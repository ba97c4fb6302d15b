package wire

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"time"

	"github.com/vmihailenco/msgpack/v5"
)

// This file knows messages as lists of msgpack values, which the library writes and reads: the contract of
// docs/PROTOCOL.md once more, without a line of the codec that is tested against it.

// valuesOf are the elements of a message: integers, strings, []byte, []any, mapping and nil.
func valuesOf(m Message) []any {
	list := []any{int64(Version), int64(m.Kind())}
	add := func(values ...any) []any { return append(list, values...) }
	switch m := m.(type) {
	case *Request:
		left := unitsOf(m.Left, time.Millisecond)
		if m.Left%time.Millisecond > 0 {
			left++ // or it would have expired too early
		}
		return add(m.ID[:], m.Path, m.Method, int64(m.Flags), int64(m.Hops), left, m.Sent, m.From,
			headerValues(m.Header), textValues(m.Args), m.Body)
	case *Response:
		return add(m.ID[:], int64(m.Outcome), m.Method, int64(m.Status), m.Reason, headerValues(m.Header), m.Body,
			unitsOf(m.Queued, time.Microsecond), unitsOf(m.Run, time.Microsecond), int64(m.Load))
	case *Forward:
		return add(m.ID[:], m.Service, m.Path, m.Method, headerValues(m.Header), textValues(m.Args), m.Body)
	case *Cancel:
		return add(m.ID[:])
	case *Hello:
		return add(m.Instance, m.Name, []any{int64(m.MinVersion), int64(m.MaxVersion)}, m.Service, routeValues(m.Routes),
			[]any{int64(m.WindowMessages), m.WindowBytes}, anys(m.Services), m.Sent)
	default:
		return list
	}
}

// unitsOf is a time in a unit; what is less than none stays so.
func unitsOf(d, unit time.Duration) int64 {
	if d < 0 {
		return -1
	}
	return int64(d / unit)
}

// mapping is a map in the order of its keys.
type mapping []any // a key, its value, and so on

func headerValues(h map[string][]string) mapping {
	return inOrder(h, func(values []string) any { return anys(values) })
}

func textValues(args map[string]string) mapping {
	return inOrder(args, func(v string) any { return v })
}

func inOrder[V any](m map[string]V, value func(V) any) mapping {
	list := mapping{}
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		list = append(list, name, value(m[name]))
	}
	return list
}

func routeValues(routes []Route) any {
	if routes == nil {
		return nil
	}
	list := []any{}
	for _, r := range routes {
		list = append(list, []any{r.Method, r.Pattern})
	}
	return list
}

func anys(texts []string) []any {
	list := []any{}
	for _, s := range texts {
		list = append(list, s)
	}
	return list
}

// reference writes values with the library, as short as they go; where there are choices left, each makes one longer.
type reference struct {
	bytes.Buffer
	mp      *msgpack.Encoder
	choices []byte
}

// encodeReference writes a message. Without choices it is what Append must write.
func encodeReference(m Message, choices []byte) ([]byte, error) {
	r := &reference{choices: choices}
	r.mp = msgpack.NewEncoder(&r.Buffer)
	err := r.value(valuesOf(m))
	return r.Bytes(), err
}

func (r *reference) choice() byte {
	if len(r.choices) == 0 {
		return 0
	}
	c := r.choices[0]
	r.choices = r.choices[1:]
	return c
}

func (r *reference) value(v any) error {
	switch v := v.(type) {
	case int64:
		return r.integer(v)
	case uint64:
		if v <= math.MaxInt64 {
			return r.integer(int64(v))
		}
		return r.mp.EncodeUint(v)
	case string:
		if r.wide(len(v), 0xd9, 0xda, 0xdb) {
			_, err := r.WriteString(v)
			return err
		}
		return r.mp.EncodeString(v)
	case []byte:
		if r.wide(len(v), 0xc4, 0xc5, 0xc6) {
			_, err := r.Write(v)
			return err
		}
		return r.mp.EncodeBytes(append([]byte{}, v...)) // a nil would become nil
	case []any:
		if !r.wide(len(v), 0, 0xdc, 0xdd) {
			if err := r.mp.EncodeArrayLen(len(v)); err != nil {
				return err
			}
		}
		return r.all(v)
	case mapping:
		if !r.wide(len(v)/2, 0, 0xde, 0xdf) {
			if err := r.mp.EncodeMapLen(len(v) / 2); err != nil {
				return err
			}
		}
		return r.all(v)
	}
	return r.mp.EncodeNil()
}

func (r *reference) all(list []any) error {
	for _, v := range list {
		if err := r.value(v); err != nil {
			return err
		}
	}
	return nil
}

// integer has nine ways to write one, of which those are taken that hold it.
func (r *reference) integer(v int64) error {
	switch c := r.choice(); {
	case c == 1 && v >= 0 && v <= math.MaxUint8:
		return r.mp.EncodeUint8(uint8(v))
	case c == 2 && v >= 0 && v <= math.MaxUint16:
		return r.mp.EncodeUint16(uint16(v))
	case c == 3 && v >= 0 && v <= math.MaxUint32:
		return r.mp.EncodeUint32(uint32(v))
	case c == 4 && v >= 0:
		return r.mp.EncodeUint64(uint64(v))
	case c == 5 && v == int64(int8(v)):
		return r.mp.EncodeInt8(int8(v))
	case c == 6 && v == int64(int16(v)):
		return r.mp.EncodeInt16(int16(v))
	case c == 7 && v == int64(int32(v)):
		return r.mp.EncodeInt32(int32(v))
	case c == 8:
		return r.mp.EncodeInt64(v)
	}
	return r.mp.EncodeInt(v)
}

// wide writes the head of n bytes or elements with a length of 1, 2 or 4 bytes, if that is chosen and n fits. The library
// never writes more than it must.
func (r *reference) wide(n int, codes ...byte) bool {
	c := r.choice()
	switch {
	case c == 1 && n <= math.MaxUint8 && codes[0] > 0:
		r.Write([]byte{codes[0], byte(n)})
	case c == 2 && n <= math.MaxUint16:
		r.Write(binary.BigEndian.AppendUint16([]byte{codes[1]}, uint16(n)))
	case c == 3:
		r.Write(binary.BigEndian.AppendUint32([]byte{codes[2]}, uint32(n)))
	case c == 4 && n == 0 && (codes[2] == 0xc6 || codes[2] == 0xdf): // nil stands for a bin or a map that is empty
		r.WriteByte(0xc0)
	default:
		return false
	}
	return true
}
