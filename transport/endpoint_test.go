package transport

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/matryer/is"
)

func TestParseEndpoint(t *testing.T) {
	t.Parallel()
	room := maxSocketPath()
	for _, c := range []struct {
		name, text string
		want       string // part of the error; "" when it is good
	}{
		{name: "ipc", text: "ipc://run/slow"},
		{name: "ipc, absolute", text: "ipc:///run/quartet/slow"},
		{name: "ipc, in this directory", text: "ipc://slow"},
		{name: "ipc with odd bytes", text: "ipc://run/ä b:c?d"},
		{name: "ipc, as long as can be", text: "ipc://" + strings.Repeat("x", room)},
		{name: "inproc", text: "inproc://slow"},
		{name: "inproc, any name", text: "inproc://a/b c:*"},

		{name: "empty", text: "", want: "SCHEME://ADDRESS"},
		{name: "no scheme", text: "run/slow", want: "SCHEME://ADDRESS"},
		{name: "empty scheme", text: "://run/slow", want: "unknown scheme"},
		{name: "one slash", text: "ipc:/run/slow", want: "SCHEME://ADDRESS"},
		{name: "upper case", text: "IPC://run/slow", want: "unknown scheme"},
		{name: "space before", text: " ipc://run/slow", want: "unknown scheme"},
		{name: "another scheme of ZeroMQ", text: "pgm://eth0;239.192.1.1:5555", want: "unknown scheme"},
		{name: "http", text: "http://localhost", want: "unknown scheme"},
		{name: "ipc without a path", text: "ipc://", want: "missing"},
		{name: "ipc wildcard", text: "ipc://*", want: "missing"},
		{name: "abstract", text: "ipc://@slow", want: "abstract"},
		{name: "NUL", text: "ipc://run/sl\x00ow", want: "NUL"},
		{name: "one byte too long", text: "ipc://" + strings.Repeat("x", room+1), want: "shorter"},
		{name: "inproc without a name", text: "inproc://", want: "missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			is := is.New(t)
			e, err := ParseEndpoint(c.text)
			if c.want == "" {
				is.NoErr(err)                // it is good
				is.Equal(e.String(), c.text) // and prints as it was written
				return
			}
			is.True(errors.Is(err, ErrEndpoint))           // it is bad
			is.True(strings.Contains(err.Error(), c.want)) // and the error says why
		})
	}
}

func TestParseAddr(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, requests, responses string
		want                      string // part of the error; "" when it is good
	}{
		{name: "two sockets", requests: "ipc://run/slow", responses: "ipc://run/slow_response"},
		{name: "two names", requests: "inproc://a", responses: "inproc://b"},
		{name: "names are not cleaned", requests: "inproc://a", responses: "inproc://./a"},
		{name: "bad requests", requests: "slow", responses: "ipc://b", want: "requests:"},
		{name: "bad responses", requests: "ipc://a", responses: "slow", want: "responses:"},
		{name: "two schemes", requests: "ipc://a", responses: "inproc://b", want: "share a scheme"},
		{name: "the same twice", requests: "ipc://a", responses: "ipc://a", want: "two endpoints"},
		{name: "the same in other words", requests: "ipc://run/a", responses: "ipc://run/./a", want: "two endpoints"},
		{name: "the same name", requests: "inproc://a", responses: "inproc://a", want: "two endpoints"},
	} {
		t.Run(c.name, func(t *testing.T) {
			is := is.New(t)
			_, err := ParseAddr(c.requests, c.responses)
			if c.want == "" {
				is.NoErr(err) // it is good
				return
			}
			is.True(errors.Is(err, ErrEndpoint))           // it is bad
			is.True(strings.Contains(err.Error(), c.want)) // and the error says why
		})
	}
}

func TestDisplayIsAbsolute(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	e, err := ParseEndpoint("ipc://run/slow")
	is.NoErr(err)
	is.True(filepath.IsAbs(strings.TrimPrefix(e.display(), "ipc://"))) // a log is read elsewhere
	e, err = ParseEndpoint("inproc://slow")
	is.NoErr(err)
	is.Equal(e.display(), "inproc://slow")
}
