package transport

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
)

// ErrEndpoint is wrapped by every error about the text of an endpoint.
var ErrEndpoint = errors.New("bad endpoint")

// The schemes of this version.
const (
	schemeIPC    = "ipc"
	schemeInproc = "inproc"
)

// Endpoint is a parsed endpoint: ipc://path/of/a/socket, or inproc://name within one process.
type Endpoint struct {
	scheme, rest string
}

// ParseEndpoint reads an endpoint in ZeroMQ's notation. Errors wrap ErrEndpoint and name the remedy.
func ParseEndpoint(s string) (Endpoint, error) {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		return Endpoint{}, fmt.Errorf("%w %q: want SCHEME://ADDRESS, for instance ipc://run/slow", ErrEndpoint, s)
	}
	e := Endpoint{scheme, rest}
	switch scheme {
	case schemeIPC:
		return e, checkIPC(s, rest)
	case schemeInproc:
		if rest == "" {
			return e, fmt.Errorf("%w %q: the name is missing", ErrEndpoint, s)
		}
		return e, nil
	case "tcp", "tls+tcp":
		return e, fmt.Errorf("%w %q: %s is not in this version; use ipc://", ErrEndpoint, s, scheme)
	}
	return e, fmt.Errorf("%w %q: unknown scheme %q; use ipc:// or inproc://", ErrEndpoint, s, scheme)
}

func checkIPC(s, path string) error {
	switch {
	case path == "" || path == "*":
		return fmt.Errorf("%w %q: the path of a socket is missing", ErrEndpoint, s)
	case path[0] == '@':
		return fmt.Errorf("%w %q: abstract sockets have neither owner nor mode; use a path", ErrEndpoint, s)
	case strings.ContainsRune(path, 0):
		return fmt.Errorf("%w %q: the path holds a NUL byte", ErrEndpoint, s)
	case len(path) > maxSocketPath():
		return fmt.Errorf("%w %q: the path has %d bytes, a Unix socket takes %d; use a shorter or a relative one",
			ErrEndpoint, s, len(path), maxSocketPath())
	}
	return nil
}

// maxSocketPath is the room in sockaddr_un less the closing NUL (unix(7), macOS unix(4)).
func maxSocketPath() int {
	if runtime.GOOS == "linux" {
		return 107
	}
	return 103
}

// String gives the endpoint as it was written.
func (e Endpoint) String() string { return e.scheme + "://" + e.rest }

// display is the endpoint for people: a relative socket path says too little in a log.
func (e Endpoint) display() string {
	if e.scheme == schemeIPC {
		if abs, err := filepath.Abs(e.rest); err == nil {
			return schemeIPC + "://" + abs
		}
	}
	return e.String()
}

// Addr is a pair of endpoints: requests flow over one, responses over the other.
type Addr struct {
	Requests, Responses Endpoint
}

// ParseAddr parses both endpoints; they must differ and share a scheme.
func ParseAddr(requests, responses string) (Addr, error) {
	var a Addr
	var err error
	if a.Requests, err = ParseEndpoint(requests); err != nil {
		return a, fmt.Errorf("requests: %w", err)
	}
	if a.Responses, err = ParseEndpoint(responses); err != nil {
		return a, fmt.Errorf("responses: %w", err)
	}
	if a.Requests.scheme != a.Responses.scheme {
		return a, fmt.Errorf("%w: requests and responses must share a scheme, not %s and %s", ErrEndpoint, requests, responses)
	}
	if samePlace(a.Requests, a.Responses) {
		return a, fmt.Errorf("%w: requests and responses must be two endpoints, both are %s", ErrEndpoint, requests)
	}
	return a, nil
}

func samePlace(a, b Endpoint) bool {
	if a.scheme == schemeIPC {
		return filepath.Clean(a.rest) == filepath.Clean(b.rest)
	}
	return a == b
}

func (a Addr) endpoint(k linkKind) Endpoint {
	if k == requests {
		return a.Requests
	}
	return a.Responses
}
