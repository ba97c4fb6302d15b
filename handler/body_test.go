package handler_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"strings"
	"testing"

	"github.com/matryer/is"

	"quartet/handler"
)

func gzipped(t *testing.T, body []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	zw := gzip.NewWriter(&b)
	_, err := zw.Write(body)
	if err = errors.Join(err, zw.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestBindContentEncoding(t *testing.T) {
	t.Parallel()
	want := point{X: 3, S: strings.Repeat("é", 1000)}
	plain := packed(t, want)
	small := gzipped(t, plain)
	garbled := bytes.Clone(small)
	garbled[len(garbled)-5]++ // the checksum
	tests := []struct {
		name      string
		encodings []string
		body      []byte
		status    int // 0: no error
	}{
		{"gzip", []string{"gzip"}, small, 0},
		{"gzip in capitals", []string{"GZIP"}, small, 0},
		{"gzip by its older name", []string{"x-gzip"}, small, 0},
		{"two members", []string{"gzip"}, append(gzipped(t, plain[:7]), gzipped(t, plain[7:])...), 0},
		{"none at all", []string{"identity"}, plain, 0},
		{"an empty name", []string{""}, plain, 0},
		{"not gzip", []string{"gzip"}, plain, 400},
		{"cut off", []string{"gzip"}, small[:len(small)-9], 400},
		{"a wrong checksum", []string{"gzip"}, garbled, 400},
		{"bytes after the end", []string{"gzip"}, append(bytes.Clone(small), 1), 400},
		{"gzip around what is no msgpack", []string{"gzip"}, gzipped(t, plain[:9]), 400},
		{"twice", []string{"gzip", "gzip"}, gzipped(t, small), 415},
		{"a list", []string{"gzip, br"}, small, 415},
		{"an unknown one", []string{"br"}, small, 415},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			header := map[string][]string{"content-encoding": tt.encodings}
			var asked, answered point
			reqErr := (&handler.Request{Header: header, Body: tt.body}).Bind(&asked)
			respErr := (&handler.Response{Header: header, Body: tt.body}).Bind(&answered)
			if e := tt.encodings[0]; e == "" || e == "identity" {
				is.NoErr(reqErr)
				is.Equal(asked, want)
			} else {
				is.Equal(handler.StatusOf(reqErr), 415)                                            // requests are not decompressed
				is.Equal(handler.ErrorResponse(reqErr).HeaderValue("accept-encoding"), "identity") // what would be fine
			}
			if tt.status == 0 {
				is.NoErr(respErr)
				is.Equal(answered, want) // what was compressed
				return
			}
			is.Equal(handler.StatusOf(respErr), 502) // the one who answered is to blame
			is.Equal(handler.StatusOf(errors.Unwrap(respErr)), tt.status)
		})
	}
}

func TestBindOfNothingInGzip(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	v := point{X: 1}
	for _, body := range [][]byte{nil, gzipped(t, nil)} {
		r := &handler.Response{Header: map[string][]string{"content-encoding": {"gzip"}}, Body: body}
		is.NoErr(r.Bind(&v))
		is.Equal(v, point{X: 1}) // an empty body leaves the value alone, compressed or not
	}
}

// TestBindOfABomb takes a body that would be far larger than it looks.
func TestBindOfABomb(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	header := map[string][]string{"content-encoding": {"gzip"}, "content-type": {"text/plain"}}
	fits := gzipped(t, make([]byte, handler.MaxInflated))
	bomb := append(bytes.Clone(fits), gzipped(t, []byte{0})...)
	var got []byte
	is.NoErr((&handler.Response{Header: header, Body: fits}).Bind(&got))
	is.Equal(len(got), handler.MaxInflated) // just as much as is allowed
	got = nil
	err := (&handler.Response{Header: header, Body: bomb}).Bind(&got)
	is.Equal(handler.StatusOf(err), 502) // one byte more is not
	is.Equal(handler.ErrorResponse(errors.Unwrap(err)).Reason, "body: it inflates to more than 16 MiB")
	is.Equal(len(got), 0) // and none of it arrives
}
