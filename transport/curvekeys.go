package transport

import (
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"

	"golang.org/x/crypto/curve25519"
	"golang.org/x/crypto/nacl/box"
)

// curveKey is a long-term key pair of CURVE (RFC 26), derived from the secret. The public key of a
// server is as confidential as the secret: who has it may say HELLO.
type curveKey struct{ public, secret [32]byte }

// curveName is what a key pair is for: one role on one kind of link. Who binds is the CURVE server.
type curveName struct {
	key    int // of the secret
	server bool
	side   Side
	kind   linkKind
}

// curveKey derives a key pair, or remembers it.
func (s Secret) curveKey(key int, server bool, side Side, kind linkKind) curveKey {
	name := curveName{key, server, side, kind}
	if s.curve == nil {
		return s.deriveCurve(name)
	}
	known, ok := s.curve.Load(name)
	if !ok {
		known, _ = s.curve.LoadOrStore(name, s.deriveCurve(name))
	}
	return known.(curveKey)
}

func (s Secret) deriveCurve(name curveName) curveKey {
	role := "client"
	if name.server {
		role = "server"
	}
	info := "quartet/1 curve " + role + " " + name.side.String() + " " + name.kind.String()
	derived, err := hkdf.Key(sha256.New, s.keys[name.key].raw(), nil, info, keySize)
	if err != nil {
		panic("transport: " + err.Error()) // only for lengths that HKDF cannot give
	}
	return newCurveKey([32]byte(derived))
}

func newCurveKey(secret [32]byte) curveKey {
	private, err := ecdh.X25519().NewPrivateKey(secret[:])
	if err != nil {
		panic("transport: " + err.Error()) // only for other lengths
	}
	return curveKey{public: [32]byte(private.PublicKey().Bytes()), secret: secret}
}

// sharedKey is the key of the boxes between two key pairs. It refuses points of low order: whatever the
// secret, everybody would know that key, and so could say HELLO.
func sharedKey(public, secret [32]byte) (shared [32]byte, err error) {
	if _, err := curve25519.X25519(secret[:], public[:]); err != nil { // Precompute does not say so
		return shared, fmt.Errorf("%w: a key of low order", ErrProtocol)
	}
	box.Precompute(&shared, &public, &secret)
	return shared, nil
}

// addKeys adds what one key of the secret means for one end of a link: a binder accepts each of them, a
// dialler presents the one that its role names.
func (s *curve) addKeys(r endpointRole, key int) {
	binder, dialler := r.side, r.side.other()
	if !r.binds {
		if key != r.key {
			return
		}
		binder, dialler = dialler, binder
	}
	s.servers = append(s.servers, r.secret.curveKey(key, true, binder, r.kind))
	s.clients = append(s.clients, r.secret.curveKey(key, false, dialler, r.kind))
}
