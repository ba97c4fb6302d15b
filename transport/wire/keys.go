package wire

import (
	"bytes"
	"hash/maphash"
)

// The keys of a map are remembered as offsets into the input, each beside 32
// bits that tell most keys apart: up to linearKeys in a list, more in an open
// hash table of twice their number. The hash is seeded per process, so nobody can
// choose keys that collide.

const (
	linearKeys = 8
	smallSlots = 128
	largeSlots = MaxElements // two per key, and every key has a value beside it
)

var keySeed = maphash.MakeSeed()

// largeTables are the tables for inputs with more keys than fit the scanner.
// There are four for the whole process, in the data segment and untouched until
// they are needed: strangers cannot make it allocate, and a scan, which is pure
// computing of a millisecond or so, may wait for one.
var largeTables = func() chan *[largeSlots]uint64 {
	c := make(chan *[largeSlots]uint64, len(largeMemory))
	for i := range largeMemory {
		c <- &largeMemory[i]
	}
	return c
}()

var largeMemory [4][largeSlots]uint64

// keys hands out room for the key sets of one scan, as a stack: used is set
// back when a map closes.
type keys struct {
	used  int // slots in use: first those of small, then those of large
	small [smallSlots]uint64
	large *[largeSlots]uint64
}

// keySet is the keys of one map.
type keySet struct {
	from, size int // its slots
	n          int // keys in the list, if it is one
}

// free gives back what the scan borrowed.
func (k *keys) free() {
	if k.large != nil {
		largeTables <- k.large
		k.large = nil
	}
}

// set returns an empty set for n keys.
func (k *keys) set(n int) keySet {
	if n <= linearKeys {
		return keySet{from: k.take(n), size: n}
	}
	s := keySet{from: k.take(2 * n), size: 2 * n}
	clear(k.slots(s))
	return s
}

// take returns where the next slots are. The budget of the scan bounds the keys
// of all open maps together by MaxElements/2, so large is never too small.
func (k *keys) take(size int) (from int) {
	from = k.used
	if from < smallSlots && from+size > smallSlots {
		from = smallSlots
	}
	if from+size > smallSlots && k.large == nil {
		k.large = <-largeTables
	}
	k.used = from + size
	return from
}

func (k *keys) slots(s keySet) []uint64 {
	if s.from < smallSlots {
		return k.small[s.from : s.from+s.size]
	}
	return k.large[s.from-smallSlots : s.from-smallSlots+s.size]
}

// add adds the key t at i to s and reports whether it is new.
func (k *keys) add(s *keySet, b []byte, t token, i int) bool {
	var number [numberKey]byte
	key, slots := keyOf(b, t, i, &number), k.slots(*s)
	if s.size > linearKeys {
		return addHashed(slots, b, t, i, key)
	}
	entry := hint(key)<<32 | uint64(i)
	for _, other := range slots[:s.n] {
		if other>>32 == entry>>32 && sameKey(b, int(uint32(other)), t, key) {
			return false
		}
	}
	slots[s.n] = entry
	s.n++
	return true
}

// hint tells most keys of a list apart for less than a hash costs.
func hint(key []byte) uint64 {
	if len(key) == 0 {
		return 0
	}
	return uint64(len(key)&0xffff)<<16 | uint64(key[0])<<8 | uint64(key[len(key)-1])
}

// addHashed is add for a table. A slot is 0 when empty: offset 0 is no key.
func addHashed(slots []uint64, b []byte, t token, i int, key []byte) bool {
	hash := maphash.Bytes(keySeed, key)
	entry := hash<<32 | uint64(i)
	// A multiplication maps the other half of the hash to a slot without dividing.
	slot := int(hash >> 32 * uint64(len(slots)) >> 32)
	for slots[slot] != 0 {
		if slots[slot]>>32 == entry>>32 && sameKey(b, int(uint32(slots[slot])), t, key) {
			return false
		}
		if slot++; slot == len(slots) {
			slot = 0
		}
	}
	slots[slot] = entry
	return true
}

// sameKey reports whether the key at i is the one of head t and bytes key.
func sameKey(b []byte, i int, t token, key []byte) bool {
	var number [numberKey]byte
	ti, _ := head(b, i)
	return ti.textual() == t.textual() && bytes.Equal(keyOf(b, ti, i, &number), key)
}
