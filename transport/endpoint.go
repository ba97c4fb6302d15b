package transport

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// ErrEndpoint is wrapped by every error about the text of an endpoint.
var ErrEndpoint = errors.New("bad endpoint")

// The schemes of this version.
const (
	schemeIPC    = "ipc"
	schemeInproc = "inproc"
	schemeTCP    = "tcp"      // with CURVE
	schemeTLS    = "tls+tcp"  // TLS 1.3, PLAIN inside
	schemeNull   = "null+tcp" // nothing at all, by this name only
)

// Endpoint is a parsed endpoint: ipc://path/of/a/socket, tcp://host:port and tls+tcp://host:port, or
// inproc://name within one process. null+tcp://host:port is tcp without any security, for peers that know none;
// it is refused beyond loopback unless Config.Insecure is set. A host is a name, an IPv4 address, an IPv6 address in brackets, or, for
// a binder, * for all; a binder's port may be 0 or * for one that is free.
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
	case schemeTCP, schemeTLS, schemeNull:
		return e, checkHostPort(s, rest)
	}
	return e, fmt.Errorf("%w %q: unknown scheme %q; use ipc://, tcp://, tls+tcp:// or inproc://", ErrEndpoint, s, scheme)
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

func checkHostPort(s, hostPort string) error {
	host, port, err := net.SplitHostPort(hostPort)
	if err != nil || !isHost(host) {
		return fmt.Errorf("%w %q: want HOST:PORT, for instance tcp://127.0.0.1:7000 or tcp://[::1]:7000", ErrEndpoint, s)
	}
	if port == "*" {
		return nil
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n > 65535 {
		return fmt.Errorf("%w %q: the port must be 0 to 65535, or *", ErrEndpoint, s)
	}
	return nil
}

// isHost leaves names to the resolver, but not what is none: a path, a user, ZeroMQ's SOURCE;TARGET.
func isHost(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil || host == "*" {
		return true
	}
	return host != "" && !strings.ContainsFunc(host, func(c rune) bool {
		return c != '-' && c != '.' && c != '_' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z')
	})
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
	return a == b && !a.anyPort()
}

// overTCP says whether the endpoint is a host and a port.
func (e Endpoint) overTCP() bool {
	return e.scheme == schemeTCP || e.scheme == schemeTLS || e.scheme == schemeNull
}

// secured says whether the endpoint needs a secret.
func (e Endpoint) secured() bool { return e.scheme != schemeInproc && e.scheme != schemeNull }

func (a Addr) endpoint(k linkKind) Endpoint {
	if k == requests {
		return a.Requests
	}
	return a.Responses
}

func (a Addr) with(k linkKind, e Endpoint) Addr {
	if k == requests {
		a.Requests = e
	} else {
		a.Responses = e
	}
	return a
}
