package transport

import (
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"

	"golang.org/x/crypto/curve25519"
	"golang.org/x/crypto/salsa20/salsa"
)

// curveKey is a long-term key pair of CURVE (RFC 26), derived from the secret. The public key of a
// server is as confidential as the secret: who has it may say HELLO.
type curveKey struct{ public, secret [32]byte }

// curveKey derives the key pair of one role on one kind of link: who binds is the CURVE server.
func (s Secret) curveKey(key int, server bool, side Side, kind linkKind) curveKey {
	role := "client"
	if server {
		role = "server"
	}
	info := "quartet/1 curve " + role + " " + side.String() + " " + kind.String()
	derived, err := hkdf.Key(sha256.New, s.keys[key].raw(), nil, info, keySize)
	if err != nil {
		panic("transport: " + err.Error()) // only for lengths that HKDF cannot give
	}
	return newCurveKey([32]byte(derived))
}

func newCurveKey(secret [32]byte) curveKey {
	public, err := curve25519.X25519(secret[:], curve25519.Basepoint)
	if err != nil {
		panic("transport: " + err.Error()) // not for the base point
	}
	return curveKey{public: [32]byte(public), secret: secret}
}

// sharedKey is the key of the boxes between two key pairs. It refuses points of low order: whatever the
// secret, everybody would know that key, and so could say HELLO.
func sharedKey(public, secret [32]byte) (shared [32]byte, err error) {
	product, err := curve25519.X25519(secret[:], public[:])
	if err != nil {
		return shared, fmt.Errorf("%w: a key of low order", ErrProtocol)
	}
	var zeros [16]byte
	salsa.HSalsa20(&shared, &zeros, (*[32]byte)(product), &salsa.Sigma)
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
