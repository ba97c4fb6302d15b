package wire

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"sync/atomic"
)

// IDSource makes the ids of one process. It is safe for concurrent use.
type IDSource struct {
	process [8]byte
	count   atomic.Uint64
}

// NewIDSource returns a source of ids that no other source makes.
func NewIDSource() *IDSource {
	s := &IDSource{}
	rand.Read(s.process[:]) // never fails, as documented
	return s
}

// Next returns the next id: the 8 random bytes of the source, then a counter
// in network byte order. The first counts 1.
func (s *IDSource) Next() (id ID) {
	copy(id[:8], s.process[:])
	binary.BigEndian.PutUint64(id[8:], s.count.Add(1))
	return id
}

// String returns the id as 32 lower-case hex digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// ParseID reads what String returns.
func ParseID(s string) (id ID, err error) {
	if !ValidInstance(s) {
		return id, fmt.Errorf("wire: an id has 32 lower-case hex digits: %w", ErrInvalid)
	}
	hex.Decode(id[:], []byte(s))
	return id, nil
}
