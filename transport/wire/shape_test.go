package wire

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/matryer/is"
)

// The tests in this file take good messages apart and put them together wrong.

// elements returns the elements of a message, version and kind included.
func elements(is *is.I, frame []byte) (list [][]byte) {
	is.Helper()
	s := scanner{strict: true}
	is.NoErr(s.scan(frame)) // the message is good
	n := int(frame[0] & 0x0f)
	for i := range n {
		end := len(frame)
		if i+1 < n {
			end = int(s.starts[i+1])
		}
		list = append(list, frame[s.starts[i]:end])
	}
	return list
}

func assemble(list [][]byte) []byte {
	return append([]byte{0x90 | byte(len(list))}, bytes.Join(list, nil)...)
}

func TestTruncatedAnywhere(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	for _, v := range readVectors(is) {
		frame := v.frame(is)
		for n := range len(frame) {
			_, err := Decode(frame[:n:n])
			is.True(errors.Is(err, ErrTruncated))             // cut off after n bytes
			is.True(errors.Is(Scan(frame[:n]), ErrTruncated)) // the scan sees it
		}
	}
}

func TestWrongTypes(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	for _, v := range readVectors(is) {
		good := elements(is, v.frame(is))
		for i := 2; i < len(good); i++ {
			for _, wrong := range []string{"c0", "c3", "01", "ca00000000", "a161", "c40161", "9101", "81a16101"} {
				parts := slices.Clone(good)
				parts[i], _ = hex.DecodeString(wrong)
				tryWrong(is, v, i, parts)
			}
		}
	}
}

// tryWrong decodes parts, which are those of v with another value at i.
func tryWrong(is *is.I, v vector, i int, parts [][]byte) {
	is.Helper()
	m, err := Decode(assemble(parts))
	if err == nil { // by chance it is right for the field
		again, err := Append(nil, m)
		is.NoErr(err)                                                       // then it can be encoded
		is.True(parts[i][0] == 0xc0 || bytes.Equal(again, assemble(parts))) // to what was sent (nil: to an empty one)
		return
	}
	is.True(errors.Is(err, ErrMalformed)) // refused
	kind, id, ok := IDOf(err)
	hasID := v.Kind != "hello" && v.Kind != "bye"
	is.Equal(ok, hasID && i > 2) // the id could be read, unless it is what was wrong
	if ok {
		is.Equal(kind.String(), v.Kind) // with the kind
		is.Equal(id[:], parts[2][2:])   // as it is
	}
}

func TestFewerAndMoreElements(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	for _, v := range readVectors(is) {
		good := elements(is, v.frame(is))
		least := len(good)
		if v.Kind == "hello" {
			least-- // the last came later
		}
		for n := range least {
			_, err := Decode(assemble(good[:n]))
			is.True(errors.Is(err, ErrMalformed)) // fewer elements than the kind has
		}
		later, _ := hex.DecodeString("82a16191c0a162c2")
		m, err := Decode(assemble(append(good, later, []byte{0xc3})))
		is.NoErr(err)                 // elements of a later version
		is.Equal(m, messageOf(is, v)) // change nothing
		_, err = Decode(assemble(append(good, []byte{0xc1})))
		is.True(errors.Is(err, ErrCode)) // but are scanned
	}
}

// A hello may come from a peer that does not tell its clock.
func TestHelloWithoutClock(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	hello := &Hello{Instance: appID, MinVersion: 1, MaxVersion: 1, Services: []string{"slow"}, Sent: 42}
	frame, err := Append(nil, hello)
	is.NoErr(err) // a good hello
	parts := elements(is, frame)
	m, err := Decode(assemble(parts[:9]))
	is.NoErr(err)
	hello.Sent = 0
	is.Equal(m, hello) // all but that
}

// Tuples inside a message may grow, too.
func TestLongerTuples(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	hello := &Hello{Instance: appID, MinVersion: 1, MaxVersion: 1, Service: "s", Routes: []Route{{"get", "/"}}, WindowMessages: 1, WindowBytes: 2}
	frame, err := Append(nil, hello)
	is.NoErr(err) // a good hello
	parts := elements(is, frame)
	parts[4], _ = hex.DecodeString("930101" + "a161")
	parts[6], _ = hex.DecodeString("9193a3676574a12f" + "81a16101")
	parts[7], _ = hex.DecodeString("930102" + "9101")
	m, err := Decode(assemble(parts))
	is.NoErr(err)      // more elements than known
	is.Equal(m, hello) // are skipped
}

// Integers may be written in any width, as long as the value is right.
func TestWidthsOfIntegers(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	frame, err := Append(nil, &Request{Path: "/", Method: "get"})
	is.NoErr(err) // a good request
	for _, h := range []string{"07", "cc07", "cd0007", "ce00000007", "cf0000000000000007", "d007", "d10007", "d200000007", "d30000000000000007"} {
		parts := elements(is, frame)
		seven, _ := hex.DecodeString(h)
		parts[0] = bytes.Replace(seven, []byte{7}, []byte{1}, 1)
		parts[5], parts[6], parts[8] = seven, seven, seven
		m, err := Decode(assemble(parts))
		is.NoErr(err) // every width is accepted
		r := m.(*Request)
		is.Equal(fmt.Sprint(r.Flags, r.Hops, r.Sent), "7 7 7") // and the value is the same
	}
}
