package wire

import (
	"bytes"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/matryer/is"
	"github.com/vmihailenco/msgpack/v5"
)

// seed adds all vectors but the very long ones.
func seed(f *testing.F) {
	is := is.New(f)
	for _, v := range readVectors(is) {
		f.Add(v.frame(is))
	}
	for _, v := range readBadVectors(is) {
		if b := v.bytes(is); len(b) < 4096 {
			f.Add(b)
		}
	}
	for _, body := range []any{item{Tags: []string{"a"}, When: time.Unix(1<<31, 0)}, map[any]int{1: 1, "a": 2, 1.5: 3, true: 4}, []any{nil, -1, "x", 2.5}} {
		b, err := Marshal(body)
		is.NoErr(err) // the body is good
		f.Add(b)
	}
}

// FuzzScan: what Scan accepts is one value to msgpack, too, of the same length.
func FuzzScan(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		err := Scan(b)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Fatalf("%v is not of the family", err)
			}
			return
		}
		r := bytes.NewReader(b)
		if err := msgpack.NewDecoder(r).Skip(); err != nil || r.Len() > 0 {
			t.Fatalf("msgpack disagrees: %v, %d bytes left", err, r.Len())
		}
	})
}

// FuzzDecode: what Decode accepts can be sent on and is the same at the other
// end, and Check has nothing to say against it.
func FuzzDecode(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Decode(bytes.Clone(b))
		if err != nil {
			var d *DecodeError
			if !errors.As(err, &d) {
				t.Fatalf("%T is no DecodeError", err)
			}
			return
		}
		if err := Check(m); err != nil {
			t.Fatal(err)
		}
		again, err := Append(nil, m)
		if err != nil {
			t.Fatalf("%v cannot be sent on", err)
		}
		if len(again) > len(b)+len("\xc4\x00\x80\x80\x90\x90") { // nil may stand for empty
			t.Fatalf("%d bytes became %d", len(b), len(again))
		}
		before := []byte("before")
		longer, parts, err := AppendParts(before, m)
		if err != nil || !bytes.Equal(bytes.Join(parts[:], nil), again) || !bytes.HasPrefix(longer, before) {
			t.Fatalf("%v: in parts %x, whole %x", err, parts, again)
		}
		m2, err := Decode(again)
		if err != nil || !reflect.DeepEqual(m, m2) {
			t.Fatalf("%v\n%+v\n%+v", err, m, m2)
		}
	})
}

// FuzzUnmarshal: no body makes Unmarshal panic, whatever it is decoded into,
// and what is decoded into an any can be encoded again.
func FuzzUnmarshal(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, into := range []any{
			new(item), new([]item), new(map[string]string), new(map[string]any), new(map[int]string), new(map[any]any), new([]map[string]any),
			new([]any), new([3]int8), new([]byte), new(time.Time), new(map[time.Time]bool), new(string), new(float64), new(uint8), new(**item), new(error),
		} {
			Unmarshal(b, into)
		}
		var v any
		if Unmarshal(b, &v) != nil {
			return
		}
		again, err := Marshal(v)
		if err != nil {
			t.Fatalf("%#v: %v", v, err)
		}
		var v2 any
		if err := Unmarshal(again, &v2); err != nil {
			t.Fatalf("%#v: %v", v, err)
		}
	})
}
