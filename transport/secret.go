package transport

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/crypto/scrypt"
)

// ErrSecret is wrapped by every error about the form of a secret. No error shows the secret.
var ErrSecret = errors.New("bad secret")

const (
	minPassphrase = 16        // bytes
	maxSecretFile = 64 * 1024 // bytes
	keySize       = 32        // bytes

	// Passphrases are stretched with scrypt (RFC 7914); the salt is fixed, since all holders of a
	// passphrase must come to the same key without talking to each other.
	scryptSalt = "quartet/1 passphrase"
	scryptN    = 1 << 14
	scryptR    = 8
	scryptP    = 1
)

// Secret authenticates connections. It holds one key, or two while secrets are rotated, and never
// prints. The zero value is no secret. A Secret is immutable and safe for concurrent use.
type Secret struct {
	keys  []*secretKey
	curve *sync.Map // of curveName to curveKey, which would cost each stranger's connection dear; nil: none is kept
}

// secretKey is two pointers away from a Secret: for an unexported field, or a verb like %p, fmt does not ask
// for a Formatter, and goes through one pointer at most.
type secretKey struct{ bytes *[keySize]byte }

func (k *secretKey) raw() []byte { return k.bytes[:] }

// ParseSecret reads one or two lines. A line of 64 hex digits is a key and used as it is; anything
// else is a passphrase of at least 16 bytes, stretched with scrypt (N=2^14, r=8, p=1: about 50 ms).
// White space around a line and empty lines are dropped. With two, the first is the one that diallers
// try first; binders accept both. Errors wrap ErrSecret.
func ParseSecret(text []byte) (Secret, error) {
	var s Secret
	for line := range bytes.Lines(text) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			continue
		}
		if len(s.keys) == 2 {
			return Secret{}, fmt.Errorf("%w: more than two lines; one secret a line, two while they are rotated", ErrSecret)
		}
		key, err := parseKey(line)
		if err != nil {
			return Secret{}, fmt.Errorf("%w: line %d: %v", ErrSecret, len(s.keys)+1, err)
		}
		s.keys = append(s.keys, key)
	}
	if len(s.keys) == 0 {
		return Secret{}, fmt.Errorf("%w: it is empty", ErrSecret)
	}
	s.curve = new(sync.Map)
	return s, nil
}

// ReadSecret reads a secret from a file (see ParseSecret), at most 64 KiB of it. Who may read the file is
// not judged: mounted secrets are often 0644 in a directory that is closed.
func ReadSecret(file string) (Secret, error) {
	f, err := os.Open(file)
	if err != nil {
		return Secret{}, fmt.Errorf("%w: %w", ErrSecret, err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSecretFile+1))
	if err != nil {
		return Secret{}, fmt.Errorf("%w: %w", ErrSecret, err)
	}
	if len(text) > maxSecretFile {
		return Secret{}, fmt.Errorf("%w: %s is larger than %d bytes", ErrSecret, file, maxSecretFile)
	}
	s, err := ParseSecret(text)
	if err != nil {
		return Secret{}, fmt.Errorf("%s: %w", file, err)
	}
	return s, nil
}

func parseKey(line []byte) (*secretKey, error) {
	var key [keySize]byte
	if len(line) == hex.EncodedLen(keySize) {
		if _, err := hex.Decode(key[:], line); err == nil {
			return &secretKey{&key}, nil
		}
	}
	if len(line) < minPassphrase {
		return nil, fmt.Errorf("a passphrase needs at least %d bytes, this one has %d", minPassphrase, len(line))
	}
	stretched, err := scrypt.Key(line, []byte(scryptSalt), scryptN, scryptR, scryptP, keySize)
	if err != nil {
		return nil, err
	}
	return &secretKey{(*[keySize]byte)(stretched)}, nil
}

// IsZero says that there is no secret.
func (s Secret) IsZero() bool { return len(s.keys) == 0 }

// Equal compares two secrets, their order included, in constant time.
func (s Secret) Equal(o Secret) bool {
	if len(s.keys) != len(o.keys) {
		return false
	}
	same := 1
	for i := range s.keys {
		same &= subtle.ConstantTimeCompare(s.keys[i].raw(), o.keys[i].raw())
	}
	return same == 1
}

// Shares says whether two secrets have a key in common, in constant time.
func (s Secret) Shares(o Secret) bool {
	shared := false
	for i := range o.keys {
		shared = s.holds(o.keys[i]) || shared
	}
	return shared
}

// holds says whether a key is one of the secret's.
func (s Secret) holds(key *secretKey) bool {
	if key == nil {
		return false
	}
	held := 0
	for i := range s.keys {
		held |= subtle.ConstantTimeCompare(s.keys[i].raw(), key.raw())
	}
	return held == 1
}

// String never shows the secret.
func (s Secret) String() string {
	if s.IsZero() {
		return "no secret"
	}
	return "secret(" + strings.TrimSuffix(strings.Repeat("hidden,", len(s.keys)), ",") + ")"
}

// GoString never shows the secret.
func (s Secret) GoString() string { return s.String() }

// Format never shows the secret, whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { io.WriteString(f, s.String()) }

// LogValue never shows the secret.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText never shows the secret.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// plainToken derives what the PLAIN mechanism carries. Its context names the mechanism, the dialling
// side and the kind of link, so that a token seen in one place is worth nothing in another.
func (s Secret) plainToken(key int, dialler Side, kind linkKind) string {
	info := "quartet/1 plain " + dialler.String() + " " + kind.String()
	token, err := hkdf.Key(sha256.New, s.keys[key].raw(), nil, info, keySize)
	if err != nil {
		panic("transport: " + err.Error()) // only for lengths that HKDF cannot give
	}
	return hex.EncodeToString(token)
}

// heldSecret is the secret in force at a Listener or a Dialer.
type heldSecret struct{ p atomic.Pointer[Secret] }

func (h *heldSecret) get() Secret { return *h.p.Load() }

// set keeps the secret in force where s is none: no endpoint that needs one can do without.
func (h *heldSecret) set(s Secret) {
	if old := h.p.Load(); old == nil || old.IsZero() || !s.IsZero() {
		h.p.Store(&s)
	}
}
