package wire

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"time"

	"github.com/vmihailenco/msgpack/v5"
)

// decodeReference reads a frame with the library, and makes the message of what it found. It trusts the frame to be one
// that Decode accepts.
func decodeReference(frame []byte) (m Message, err error) {
	in := bytes.NewReader(frame)
	v, err := msgpack.NewDecoder(in).DecodeInterface()
	if err != nil {
		return nil, err
	}
	if in.Len() > 0 {
		return nil, fmt.Errorf("%d bytes left over", in.Len())
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v in %v", p, v) // a value of another type, or one too few
		}
	}()
	f := &found{v.([]any)}
	if version := f.integer(); version != Version {
		return nil, fmt.Errorf("version %d", version)
	}
	return f.message(Kind(f.integer())), nil
}

// found are values that the library has read. Its methods take the next one, and panic where it is of another type.
type found struct{ list []any }

func (f *found) next() any {
	v := f.list[0]
	f.list = f.list[1:]
	return v
}

// integer takes one that has no sign.
func (f *found) integer() uint64 {
	v := reflect.ValueOf(f.next())
	if v.CanUint() {
		return v.Uint()
	}
	if v.Int() < 0 {
		panic("less than none")
	}
	return uint64(v.Int())
}

// signed takes an integer that may have a sign.
func (f *found) signed() int64 {
	v := reflect.ValueOf(f.next())
	if !v.CanUint() {
		return v.Int()
	}
	if v.Uint() > math.MaxInt64 {
		panic("more than fits")
	}
	return int64(v.Uint())
}

func (f *found) text() string { return f.next().(string) }

func (f *found) bytes() []byte {
	b, _ := f.next().([]byte) // nil stands for none
	return b[:len(b):len(b)]
}

func (f *found) id() ID { return ID(f.bytes()) }

func (f *found) message(k Kind) Message {
	const ms, us = time.Millisecond, time.Microsecond
	switch k {
	case KindRequest:
		return &Request{f.id(), f.text(), f.text(), Flags(f.integer()), uint8(f.integer()), time.Duration(f.integer()) * ms, f.signed(),
			f.text(), f.header(), f.args(), f.body()}
	case KindResponse:
		return &Response{f.id(), Outcome(f.integer()), f.text(), int(f.integer()), f.text(), f.header(), f.body(),
			time.Duration(f.integer()) * us, time.Duration(f.integer()) * us, uint32(f.integer())}
	case KindForward:
		return &Forward{f.id(), f.text(), f.text(), f.text(), f.header(), f.args(), f.body()}
	case KindCancel:
		return &Cancel{f.id()}
	case KindHello:
		return f.hello()
	default:
		return &Bye{}
	}
}

func (f *found) hello() *Hello {
	h := &Hello{Instance: f.text(), Name: f.text()}
	versions := f.inside()
	h.MinVersion, h.MaxVersion = uint8(versions.integer()), uint8(versions.integer())
	h.Service = f.text()
	if routes, told := f.next().([]any); told {
		h.Routes = []Route{}
		for _, r := range routes {
			route := found{r.([]any)}
			h.Routes = append(h.Routes, Route{route.text(), route.text()})
		}
	}
	window := f.inside()
	h.WindowMessages, h.WindowBytes = uint32(window.integer()), window.integer()
	for _, name := range f.inside().list {
		h.Services = append(h.Services, name.(string))
	}
	if len(f.list) > 0 {
		h.Sent = f.signed()
	}
	return h
}

// inside enters an array; nil stands for an empty one.
func (f *found) inside() *found {
	list, _ := f.next().([]any)
	return &found{list}
}

func (f *found) body() []byte {
	if b := f.bytes(); len(b) > 0 {
		return b
	}
	return nil
}

func (f *found) header() map[string][]string {
	entries, _ := f.next().(map[string]any)
	if len(entries) == 0 {
		return nil
	}
	h := map[string][]string{}
	for name, v := range entries {
		values, _ := v.([]any)
		h[name] = []string{}
		for _, text := range values {
			h[name] = append(h[name], text.(string))
		}
	}
	return h
}

func (f *found) args() map[string]string {
	entries, _ := f.next().(map[string]any)
	if len(entries) == 0 {
		return nil
	}
	args := map[string]string{}
	for name, v := range entries {
		args[name] = v.(string)
	}
	return args
}
