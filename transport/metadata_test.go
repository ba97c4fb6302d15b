package transport

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/matryer/is"
)

var metadataCases = []struct {
	name string
	raw  []byte
	want map[string]string // nil: it is malformed
}{
	{"nothing", nil, map[string]string{}},
	{"one", rawProperty("Socket-Type", "PUSH"), map[string]string{"socket-type": "PUSH"}},
	{"names in lower case", rawProperty("IDENTITY", "Me"), map[string]string{"identity": "Me"}},
	{"an empty value", rawProperty("Identity", ""), map[string]string{"identity": ""}},
	{"a long name", rawProperty(strings.Repeat("n", 255), "v"), map[string]string{strings.Repeat("n", 255): "v"}},
	{"two", append(rawProperty("a", "1"), rawProperty("b", "2")...), map[string]string{"a": "1", "b": "2"}},
	{"64", manyProperties(64), nil}, // filled in below
	{"65", manyProperties(65), nil},
	{"a name that is cut", []byte{5, 'a'}, nil},
	{"a name and no more", []byte{1, 'a'}, nil},
	{"half a length", []byte{1, 'a', 0, 0}, nil},
	{"a value that is cut", []byte{1, 'a', 0, 0, 0, 2, 'x'}, nil},
	{"a value of 2^32-1", []byte{1, 'a', 255, 255, 255, 255, 'x'}, nil},
	{"no name", rawProperty("", "x"), nil},
	{"twice", append(rawProperty("a", "1"), rawProperty("a", "1")...), nil},
	{"twice in other letters", append(rawProperty("a", "1"), rawProperty("A", "2")...), nil},
	{"one byte behind", append(rawProperty("a", "1"), 0), nil},
}

func TestParseProperties(t *testing.T) {
	t.Parallel()
	for _, c := range metadataCases {
		t.Run(c.name, func(t *testing.T) {
			is := is.New(t)
			got, err := parseProperties(c.raw)
			switch {
			case c.name == "64":
				is.NoErr(err)
				is.Equal(len(got), 64) // as many as there may be
			case c.want == nil:
				is.True(errors.Is(err, ErrProtocol)) // malformed
			default:
				is.NoErr(err)
				is.True(reflect.DeepEqual(got, c.want)) // as it was sent
			}
		})
	}
}

func TestCheckPeer(t *testing.T) {
	t.Parallel()
	pair := newPair()
	for _, c := range []struct {
		name  string
		props map[string]string
		pair  string
		ok    bool
	}{
		{"unnamed", map[string]string{"socket-type": "PUSH"}, "", true},
		{"named", map[string]string{"socket-type": "PUSH", "x-quartet-pair": pair}, pair, true},
		{"an empty pair", map[string]string{"socket-type": "PUSH", "x-quartet-pair": ""}, "", true},
		{"more than we know", map[string]string{"socket-type": "PUSH", "x-else": "1"}, "", true},
		{"no type", map[string]string{"x-quartet-pair": pair}, "", false},
		{"another type", map[string]string{"socket-type": "PULL"}, "", false},
		{"a type in lower case", map[string]string{"socket-type": "push"}, "", false},
		{"a type and more", map[string]string{"socket-type": "PUSH\x00"}, "", false},
		{"a short pair", map[string]string{"socket-type": "PUSH", "x-quartet-pair": pair[1:]}, "", false},
		{"a long pair", map[string]string{"socket-type": "PUSH", "x-quartet-pair": pair + "0"}, "", false},
		{"a pair in upper case", map[string]string{"socket-type": "PUSH", "x-quartet-pair": strings.Repeat("A", 32)}, "", false},
		{"a pair that is no number", map[string]string{"socket-type": "PUSH", "x-quartet-pair": strings.Repeat("\n", 32)}, "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			is := is.New(t)
			got, err := checkPeer(c.props, "PUSH")
			is.Equal(err == nil, c.ok)                   // as the table says
			is.True(c.ok || errors.Is(err, ErrProtocol)) // by the peer's fault
			is.Equal(got, c.pair)                        // and its pair
		})
	}
}

func FuzzParseProperties(f *testing.F) {
	for _, c := range metadataCases {
		f.Add(c.raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		props, err := parseProperties(raw)
		if err != nil {
			if !errors.Is(err, ErrProtocol) {
				t.Fatalf("not a violation: %v", err)
			}
			return
		}
		size := 0
		for name, value := range props {
			size += 5 + len(name) + len(value)
			if name != strings.ToLower(name) || !bytes.Contains(bytes.ToLower(raw), []byte(name)) && isASCII(name) {
				t.Fatalf("a name that is not there: %q", name)
			}
		}
		if isASCII(string(raw)) && size != len(raw) {
			t.Fatalf("%d bytes became %d", len(raw), size)
		}
		checkPeer(props, "PUSH")
	})
}

func isASCII(s string) bool { return !strings.ContainsFunc(s, func(r rune) bool { return r > 127 }) }
