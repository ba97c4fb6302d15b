package wire

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"
)

type item struct {
	ID     int               `json:"id"`
	Name   string            `json:"name,omitempty"`
	Price  float64           `msgpack:"cost" json:"price"`
	Tags   []string          `json:"tags"`
	Extra  map[string]any    `json:"extra"`
	When   time.Time         `json:"when"`
	Raw    []byte            `json:"raw"`
	Next   *item             `json:"next"`
	Labels map[string]string `json:"-"`
}

func TestBodyRoundTrip(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	want := item{ID: 300, Price: 1.5, Tags: []string{"a", "ü"}, Extra: map[string]any{"n": int64(5), "s": "x", "l": []any{true, nil}},
		When: time.Unix(1_700_000_000, 600_000_000), Raw: []byte{0, 255}, Next: &item{ID: -1}}
	want.Next.When = time.Unix(0, 0)
	b, err := Marshal(want)
	is.NoErr(err) // a struct can be encoded
	var got item
	is.NoErr(Unmarshal(b, &got))       // and decoded
	is.True(got.When.Equal(want.When)) // to the same moment
	got.When, want.When = time.Time{}, time.Time{}
	got.Next.When, want.Next.When = time.Time{}, time.Time{}
	is.Equal(got, want) // and the same rest
}

func TestBodyNames(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	b, err := Marshal(&item{Price: 2, Labels: map[string]string{"a": "b"}})
	is.NoErr(err) // a pointer is what it points to
	var got map[string]any
	is.NoErr(Unmarshal(b, &got)) // a struct is a map
	_, name := got["name"]
	_, labels := got["Labels"]
	_, price := got["price"]
	is.True(!name && !labels && !price) // omitted, hidden and renamed
	is.Equal(got["cost"], 2.0)          // msgpack tags come first
	is.Equal(got["id"], int64(0))       // then those of json

	var into struct {
		Cost   float64 `json:"cost"`
		Absent string  `json:"absent"`
	}
	into.Absent = "still here"
	is.NoErr(Unmarshal(b, &into))       // unknown names are ignored
	is.Equal(into.Cost, 2.0)            // known ones are set
	is.Equal(into.Absent, "still here") // missing ones are left alone
}

func TestBodyIntoAny(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		hex  string
		want any
	}{
		{"c0", nil},
		{"c3", true},
		{"05", int64(5)},
		{"fb", int64(-5)},
		{"cc05", uint64(5)},
		{"d1fffb", int64(-5)},
		{"cfffffffffffffffff", uint64(1<<64 - 1)},
		{"ca3fc00000", 1.5},
		{"a161", "a"},
		{"c40161", "a"},
		{"9201a161", []any{int64(1), "a"}},
		{"81a16181a16290", map[string]any{"a": map[string]any{"b": []any{}}}},
	} {
		t.Run(c.hex, func(t *testing.T) {
			is := is.New(t)
			b, _ := hex.DecodeString(c.hex)
			var got any
			is.NoErr(Unmarshal(b, &got)) // it is a value
			is.Equal(got, c.want)        // of this Go type
		})
	}
}

func TestMarshalIsDeterministic(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	v := map[string]any{"b": map[string]string{"y": "1", "x": "2"}, "a": int64(1), "c": uint64(200)}
	first, err := Marshal(v)
	is.NoErr(err)                                                                 // maps can be encoded
	is.Equal(hex.EncodeToString(first), "83a16101a16282a178a132a179a131a163ccc8") // in the order of their keys, numbers short
	for range 20 {
		b, err := Marshal(v)
		is.NoErr(err)                  // again and again
		is.True(bytes.Equal(b, first)) // the same
	}
}

func TestBodyKeepsNothing(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	want := map[string][]byte{"a": []byte("payload")}
	first, err := Marshal(want)
	is.NoErr(err) // a body
	_, err = Marshal(map[string][]byte{"x": []byte("another")})
	is.NoErr(err) // and another, from the same pool
	var got map[string][]byte
	is.NoErr(Unmarshal(first, &got)) // the first is untouched
	clear(first)
	is.Equal(got, want) // what was decoded is no part of it
}

type cycle struct {
	Next *cycle
	List []any
}

type panicky struct{ A string }

func (panicky) MarshalText() ([]byte, error)  { panic("no text today") }
func (*panicky) UnmarshalText(b []byte) error { panic("no text today") }

func TestMarshalRefuses(t *testing.T) {
	t.Parallel()
	loop := &cycle{}
	loop.Next = loop
	list := []any{nil}
	list[0] = list
	deep := any(1)
	for range MaxDepth {
		deep = []any{deep}
	}
	for name, v := range map[string]any{
		"a value that contains itself": loop,
		"a list that contains itself":  list,
		"a channel":                    make(chan int),
		"a function":                   func() {},
		"too deep":                     []any{deep},
		"too many elements":            make([]int, MaxElements),
		"nil as a key":                 map[any]int{nil: 1},
		"the same key twice":           map[any]int{1: 1, 1.0: 2},
		"a method that panics":         panicky{},
	} {
		t.Run(name, func(t *testing.T) {
			is := is.New(t)
			b, err := Marshal(v)
			is.True(err != nil)                                            // refused
			is.True(strings.HasPrefix(err.Error(), "wire: cannot encode")) // with a reason
			is.Equal(b, nil)                                               // and nothing half done
		})
	}
}

func TestUnmarshalRefuses(t *testing.T) {
	t.Parallel()
	type named interface{ Name() string }
	for _, c := range []struct {
		name, hex string
		into      any
	}{
		{"a nil target", "01", nil},
		{"a target that is no pointer", "01", 5},
		{"a nil pointer", "01", (*int)(nil)},
		{"a str into an int", "a161", new(int)},
		{"a map into a slice", "80", new([]int)},
		{"an array too long for its target", "93010203", new([2]int)},
		{"a float64 into a float32", "cb3ff8000000000000", new(float32)},
		{"an integer key into any", "810101", new(any)},
		{"a str into an interface with methods", "a161", new(named)},
		{"a method that panics", "a161", new(panicky)},
		{"a channel", "01", new(chan int)},
		{"a timestamp into a map", "d6ff80000000", new(map[string]int)},
	} {
		t.Run(c.name, func(t *testing.T) {
			is := is.New(t)
			b, err := hex.DecodeString(c.hex)
			is.NoErr(err)                          // the case is hex
			is.NoErr(Scan(b))                      // and sound in itself
			err = Unmarshal(b, c.into)             //
			is.True(err != nil)                    // but not for this target
			is.True(!errors.Is(err, ErrMalformed)) // which is no fault of the body
		})
	}
}

func TestUnmarshalBrokenBodies(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	v := map[string]any{"kept": true}
	is.True(errors.Is(Unmarshal(nil, &v), ErrTruncated))                      // nothing is no body
	is.True(errors.Is(Unmarshal([]byte{0x80, 0x80}, &v), ErrTrailing))        // nor are two
	is.True(errors.Is(Unmarshal([]byte{0x91, 0x92, 0x93}, &v), ErrMalformed)) // nor is a part of one
	is.Equal(v, map[string]any{"kept": true})                                 // the target is untouched
}
