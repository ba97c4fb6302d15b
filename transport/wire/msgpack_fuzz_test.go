package wire

import (
	"bytes"
	"encoding/hex"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"
)

// FuzzDecodeAgainstMsgpack: what Decode accepts the library reads, too, and it
// finds the same values; and of those Append makes what the library makes.
func FuzzDecodeAgainstMsgpack(f *testing.F) {
	seed(f)
	for _, g := range goodMessages() {
		for c := byte(1); c <= 8; c++ { // every width of every value
			frame, err := encodeReference(g.m, bytes.Repeat([]byte{c}, 100))
			if err != nil {
				f.Fatal(err)
			}
			f.Add(frame)
		}
	}
	for _, number := range []string{"ff", "d0ff", "d1ffff", "d2ffffffff", "d3ffffffffffffffff", "cfffffffffffffffff"} { // -1, and 2^64-1
		for _, g := range goodMessages() {
			addEach(f, g.m, number)
		}
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		m, err := Decode(bytes.Clone(frame))
		if err != nil {
			return
		}
		sameToMsgpack(t, frame, m)
		again, err := Append(nil, m)
		want, errWant := encodeReference(m, nil)
		if err != nil || errWant != nil || !bytes.Equal(again, want) {
			t.Fatalf("%+v\n%v, msgpack: %v\n%x\n%x", m, err, errWant, again, want)
		}
	})
}

// addEach adds a message with another value in place of each of its numbers in turn.
func addEach(f *testing.F, m Message, number string) {
	is := is.New(f)
	other, err := hex.DecodeString(number)
	is.NoErr(err) // the number is hex
	frame, err := Append(nil, m)
	is.NoErr(err) // the message is good
	for i := 0; i < len(frame); {
		t, _ := head(frame, i)
		if t.class == classInt {
			f.Add(slices.Concat(frame[:i], other, frame[t.end(i):]))
		}
		i = t.end(i)
	}
}

// sameToMsgpack says that the library reads m from the frame.
func sameToMsgpack(t *testing.T, frame []byte, m Message) {
	t.Helper()
	if want, err := decodeReference(frame); err != nil || !reflect.DeepEqual(m, want) {
		t.Fatalf("%x\n%+v\nmsgpack: %v\n%+v", frame, m, err, want)
	}
}

// FuzzAppendAgainstMsgpack: of any values Append makes the bytes that the
// library makes, or refuses what Decode would refuse. Decode and the library
// read the values back, also where each is written longer than it must be.
func FuzzAppendAgainstMsgpack(f *testing.F) {
	for kind := range byte(6) {
		for widths := range byte(9) {
			wide := bytes.Repeat([]byte{widths}, int(widths)*20)
			f.Add(kind, "slow", "get", "ok", "a", "b,c", uint64(1)<<40|0x201, int64(200), int64(time.Second+1), []byte("body"), wide)
			f.Add(kind, "", "x", "", "", "", uint64(0x101), int64(404), int64(0), []byte(nil), wide)
			f.Add(kind, strings.Repeat("ü", 200), "x-1", strings.Repeat("r", 256), "name", strings.Repeat("v,", 17), uint64(1)<<63|0xff01, int64(599),
				int64(MaxLeft), bytes.Repeat([]byte{widths}, 1<<16), wide)
		}
	}
	f.Add(byte(0), "\xff", "GET", "\n", "A", "\x00", uint64(0), int64(-1), int64(-1), []byte(nil), []byte{1, 2, 3})
	f.Fuzz(func(t *testing.T, kind byte, path, method, text, name, list string, n uint64, sent, time int64, body, widths []byte) {
		m := messageOfValues(kind, path, method, text, name, list, n, sent, time, body)
		want, err := encodeReference(m, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Decode(bytes.Clone(want))
		frame, errAppend := Append(nil, m)
		if (err == nil) != (errAppend == nil) {
			t.Fatalf("%+v\nDecode: %v\nAppend: %v", m, err, errAppend)
		}
		if err != nil {
			return
		}
		if !bytes.Equal(frame, want) {
			t.Fatalf("%+v\n%x\nmsgpack:\n%x", m, frame, want)
		}
		sameToMsgpack(t, frame, got)
		decodeWide(t, m, got, widths)
	})
}

// decodeWide says that m is got also where the library writes its values longer
// than it must.
func decodeWide(t *testing.T, m, got Message, widths []byte) {
	t.Helper()
	wide, err := encodeReference(m, widths)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Decode(bytes.Clone(wide))
	if errors.Is(err, ErrTooLarge) && len(wide) > MaxEnvelope {
		return // by what the longer widths add
	}
	if err != nil || !reflect.DeepEqual(again, got) {
		t.Fatalf("%v: %x\n%+v\n%+v", err, wide, again, got)
	}
	sameToMsgpack(t, wide, got)
}

// messageOfValues makes a message of a kind, good or not, of values that are shared
// among its fields.
func messageOfValues(kind byte, path, method, text, name, list string, n uint64, sent, left int64, body []byte) Message {
	id := ID{0: byte(n), 7: byte(n >> 32), 15: byte(sent)}
	values := strings.FieldsFunc(list, func(r rune) bool { return r == ',' })
	header := map[string][]string{name: values, "x": {text}}
	args := map[string]string{name: list, "x": text}
	if name == "" {
		header, args = nil, nil
	}
	switch Kind(kind%6 + 1) {
	case KindRequest:
		from := ""
		if n%2 == 1 {
			from = id.String()
		}
		return &Request{id, "/" + path, method, Flags(n), uint8(n >> 8), time.Duration(left), sent, from, header, args, body}
	case KindResponse:
		return &Response{id, Outcome(n >> 40), method, int(sent), text, header, body, time.Duration(left), time.Duration(n >> 1), uint32(n)}
	case KindForward:
		return &Forward{id, text, "/" + path, method, header, args, body}
	case KindCancel:
		return &Cancel{id}
	case KindHello:
		h := &Hello{Instance: id.String(), Name: text, MinVersion: uint8(n), MaxVersion: uint8(n >> 8), Service: name,
			WindowMessages: uint32(n), WindowBytes: n, Services: values, Sent: sent}
		for _, v := range values {
			h.Routes = append(h.Routes, Route{method, "/" + v})
		}
		return h
	default:
		return &Bye{}
	}
}
