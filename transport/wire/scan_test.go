package wire

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/matryer/is"
)

// What lies just inside the limits; testdata/malformed.json has what lies outside.
func TestScanAccepts(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]string{
		"nil":                            "c0",
		"arrays 32 deep":                 strings.Repeat("91", 31) + "90",
		"maps 32 deep":                   strings.Repeat("8101", 31) + "80",
		"65,535 elements in an array":    "dcffff" + strings.Repeat("c0", 65535),
		"keys equal in different maps":   "82a16181a16101a16281a16101",
		"keys that only look equal":      "84" + "a131c0" + "31c0" + "cb3ff8000000000000c0" + "c3c0",
		"-1 and 2^64-1":                  "82ffc0cfffffffffffffffffc0",
		"1 and true":                     "8201c0c3c0",
		"a moment and a second later":    "82d6ff00000001c0d6ff00000002c0",
		"one second, and one nanosecond": "82d6ff00000001c0d7ff0000000400000000c0",
		"not a number, twice":            "82cb7ff8000000000000c0cb7ff8000000000001c0",
		"timestamps":                     "93d6ffdf002000d7ffdf00200000000000c70cff00000000ffffffffffffffff",
		"every code but 0xc1 in a list":  everyCode(),
	} {
		t.Run(name, func(t *testing.T) {
			is := is.New(t)
			b, err := hex.DecodeString(h)
			is.NoErr(err)                         // the case is hex
			is.NoErr(Scan(b))                     // it is accepted
			is.True(Scan(append(b, 0xc0)) != nil) // with nothing behind it
		})
	}
}

// everyCode is an array with a value of each code.
func everyCode() string {
	var values []string
	add := func(format string, a ...any) { values = append(values, fmt.Sprintf(format, a...)) }
	for c := range 256 {
		switch w := widths[c]; {
		case w.class == classBad || w.class == classExt:
		case w.length == 0 && w.class == classMap:
			add("%02x%s", c, distinctKeys(int(w.fixed)))
		case w.length == 0:
			add("%02x%s", c, strings.Repeat("00", int(w.fixed)))
		default:
			add("%02x%s", c, strings.Repeat("00", int(w.length)))
		}
	}
	return fmt.Sprintf("dc%04x", len(values)) + strings.Join(values, "")
}

func distinctKeys(n int) (h string) {
	for i := range n {
		h += fmt.Sprintf("%02xc0", i)
	}
	return h
}

// mapOf is a map of n keys in which key dup (if 0 <= dup) is followed by itself at the end.
func mapOf(n, dup int, key func(b []byte, i int) []byte) []byte {
	b := binary.BigEndian.AppendUint16([]byte{0xde}, uint16(n))
	for i := range n {
		k := i
		if i == n-1 && dup >= 0 {
			k = dup
		}
		b = append(key(b, k), 0xc0)
	}
	return b
}

func textKey(b []byte, i int) []byte { return append(b, fmt.Sprintf("\xa5%05d", i*7919%100000)...) }
func numKey(b []byte, i int) []byte  { return binary.BigEndian.AppendUint32(append(b, 0xce), uint32(i)) }

// Maps of every size find a duplicate wherever it is: in a list, in a small
// table, in a large one, and where one gives way to the other.
func TestDuplicateKeysAnywhere(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	for _, key := range []func([]byte, int) []byte{textKey, numKey} {
		for _, n := range []int{2, 3, 7, 8, 9, 15, 16, 17, 63, 64, 65, 127, 128, 129, 1000, 32767} {
			is.NoErr(Scan(mapOf(n, -1, key))) // all keys are different
			for _, dup := range []int{0, (n - 1) / 2, n - 2} {
				err := Scan(mapOf(n, dup, key))
				is.True(errors.Is(err, ErrDuplicateKey)) // one is there twice
			}
		}
	}
}

// A map is not confused by maps inside it, whichever tables they use.
func TestDuplicateKeysAroundMaps(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	for _, outer := range []int{2, 9, 60, 64, 65, 300, 5000} {
		for _, inner := range []int{0, 1, 8, 9, 40, 63, 64, 65, 300, 5000} {
			for _, dup := range []int{-1, 0, outer - 2} {
				// The value of the first key is a map with the same keys.
				b := mapOf(outer, dup, textKey)
				nested := append(append(append([]byte{}, b[:9]...), mapOf(inner, -1, textKey)...), b[10:]...)
				err := Scan(nested)
				is.Equal(errors.Is(err, ErrDuplicateKey), dup >= 0) // only the outer map counts
				is.Equal(err == nil, dup < 0)                       // and nothing else is wrong
			}
		}
	}
}

// Scans of large maps at the same time wait for a table and are right.
func TestScanConcurrently(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	good, bad := mapOf(4000, -1, textKey), mapOf(4000, 17, textKey)
	errs := make(chan error, 32)
	var wg sync.WaitGroup
	for range cap(errs) {
		wg.Go(func() {
			for range 20 {
				if err := Scan(good); err != nil {
					errs <- err
					return
				}
				if err := Scan(bad); !errors.Is(err, ErrDuplicateKey) {
					errs <- fmt.Errorf("bad map: %v", err)
					return
				}
			}
			errs <- nil
		})
	}
	wg.Wait()
	for range cap(errs) {
		is.NoErr(<-errs) // every scan was right
	}
	for range cap(largeTables) {
		table := <-largeTables // blocks unless every scan gave its table back
		defer func() { largeTables <- table }()
	}
}

func TestErrorsTellWhere(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	err := Scan([]byte{0x82, 0xa1, 'a', 1, 0xa1, 'a', 2})
	var m *MalformedError
	is.True(errors.As(err, &m))                                                   // a refusal can be looked into
	is.Equal(m.Offset, 4)                                                         // the second key is at byte 4
	is.Equal(err.Error(), "wire: malformed message: duplicate map key at byte 4") // the text says it, too
	_, err = Decode([]byte{0x93, 1, 4, 0xa0})                                     //
	is.Equal(err.Error(), "wire: malformed message: id must be a bin at byte 3")  // a field by its name
	is.True(errors.Is(err, ErrType) && errors.Is(err, ErrMalformed))              // which is both
}
