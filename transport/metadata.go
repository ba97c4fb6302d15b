package transport

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// Metadata properties (RFC 23). Names are case-insensitive.
const (
	propSocketType = "Socket-Type"
	propIdentity   = "Identity"
	propPair       = "X-Quartet-Pair"
)

const (
	maxProperties = 64
	pairSize      = 32 // hex digits
)

// appendProperty encodes one property: a name of one length octet, a value of four.
func appendProperty(b []byte, name, value string) []byte {
	b = append(b, byte(len(name)))
	b = append(b, name...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(value)))
	return append(b, value...)
}

// parseProperties reads metadata with every length checked: the engine's own parser panics on a
// truncated one. Names come back in lower case.
func parseProperties(b []byte) (map[string]string, error) {
	props := map[string]string{}
	for len(b) > 0 {
		if len(props) == maxProperties {
			return nil, fmt.Errorf("%w: more than %d metadata properties", ErrProtocol, maxProperties)
		}
		name, rest, ok := cutLength(b[1:], int(b[0]))
		if !ok || name == "" || len(rest) < 4 {
			return nil, fmt.Errorf("%w: truncated metadata", ErrProtocol)
		}
		size := binary.BigEndian.Uint32(rest)
		if uint64(size) > uint64(len(rest)-4) {
			return nil, fmt.Errorf("%w: truncated metadata", ErrProtocol)
		}
		name = strings.ToLower(name)
		if _, dup := props[name]; dup {
			return nil, fmt.Errorf("%w: duplicate metadata property", ErrProtocol)
		}
		props[name], b, _ = cutLength(rest[4:], int(size))
	}
	return props, nil
}

func cutLength(b []byte, n int) (head string, tail []byte, ok bool) {
	if n > len(b) {
		return "", nil, false
	}
	return string(b[:n]), b[n:], true
}

// checkPeer checks what a peer says of itself and returns the value of its pair property, "" without
// one. The socket type is checked here because the engine panics on one it does not know.
func checkPeer(props map[string]string, wantType string) (pair string, err error) {
	got, ok := props[strings.ToLower(propSocketType)]
	if !ok {
		return "", fmt.Errorf("%w: the peer names no socket type", ErrProtocol)
	}
	if got != wantType {
		return "", fmt.Errorf("%w: the peer is a %.16q socket, want %s", ErrProtocol, got, wantType)
	}
	pair = props[strings.ToLower(propPair)]
	if pair != "" && !isPair(pair) {
		return "", fmt.Errorf("%w: %s is not %d hex digits", ErrProtocol, propPair, pairSize)
	}
	return pair, nil
}

func isPair(s string) bool {
	return len(s) == pairSize && strings.Trim(s, "0123456789abcdef") == ""
}
