package transport

import (
	"crypto/hkdf"
	"crypto/sha256"

	"golang.org/x/crypto/curve25519"
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
	derived, err := hkdf.Key(sha256.New, s.keys[key][:], nil, info, keySize)
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
