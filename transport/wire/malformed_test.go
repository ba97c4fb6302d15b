package wire

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/matryer/is"
)

// badVector is one input of testdata/malformed.json.
type badVector struct {
	Name  string `json:"name"`
	As    string `json:"as"`    // "value": any msgpack; "message": a frame
	Hex   string `json:"hex"`   // in parts; HEX*N is HEX, N times
	Error string `json:"error"` // one of causes
	ID    string `json:"id"`    // the id that can be read all the same
}

var causes = map[string]error{
	"truncated":         ErrTruncated,
	"too deep":          ErrTooDeep,
	"too many elements": ErrTooManyElements,
	"duplicate key":     ErrDuplicateKey,
	"key":               ErrKey,
	"extension":         ErrExtension,
	"code":              ErrCode,
	"trailing":          ErrTrailing,
	"too large":         ErrTooLarge,
	"type":              ErrType,
	"invalid":           ErrInvalid,
	"version":           ErrVersion,
	"kind":              ErrKind,
}

func TestMalformedVectors(t *testing.T) {
	t.Parallel()
	for _, v := range readBadVectors(is.New(t)) {
		t.Run(v.Name, func(t *testing.T) {
			is := is.New(t)
			b := v.bytes(is)
			want, known := causes[v.Error]
			is.True(known) // the vector names an error
			err := v.refuse(b)
			is.True(errors.Is(err, want)) // it is refused, for this reason

			others := want == ErrVersion || want == ErrKind
			is.Equal(errors.Is(err, ErrMalformed), !others) // and belongs to the family, or does not

			_, id, ok := IDOf(err)
			is.Equal(ok, v.ID != "") // the id was read, or not
			if ok {
				is.Equal(id.String(), v.ID) // as it is
			}
			if v.As == "value" {
				var into any
				is.True(errors.Is(Unmarshal(b, &into), want)) // a body is refused the same way
			}
		})
	}
}

func (v badVector) refuse(b []byte) error {
	if v.As == "value" {
		return Scan(b)
	}
	_, err := Decode(b)
	return err
}

func (v badVector) bytes(is *is.I) []byte {
	is.Helper()
	var out []byte
	for _, part := range strings.Fields(v.Hex) {
		digits, times, repeated := strings.Cut(part, "*")
		n := 1
		if repeated {
			var err error
			n, err = strconv.Atoi(times)
			is.NoErr(err) // a number follows the star
		}
		b, err := hex.DecodeString(digits)
		is.NoErr(err) // the part is hex
		out = append(out, bytes.Repeat(b, n)...)
	}
	return out
}

func readBadVectors(is *is.I) (list []badVector) {
	is.Helper()
	b, err := os.ReadFile("testdata/malformed.json")
	is.NoErr(err)                      // the file is there
	is.NoErr(json.Unmarshal(b, &list)) // the file is JSON
	is.True(len(list) > 100)           // the corpus is complete
	return list
}
