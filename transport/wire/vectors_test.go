package wire

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/matryer/is"
)

var update = flag.Bool("update", false, "write testdata/vectors.json anew")

const vectorsFile = "testdata/vectors.json"

// vector is one message in testdata/vectors.json: in bytes, and in words that
// a test in any language can compare.
type vector struct {
	Name   string          `json:"name"`
	Kind   string          `json:"kind"`
	Hex    string          `json:"hex"`
	Fields json.RawMessage `json:"fields"`
}

func (v vector) frame(is *is.I) []byte {
	is.Helper()
	b, err := hex.DecodeString(v.Hex)
	is.NoErr(err) // the vector is hex
	return b
}

func TestMain(m *testing.M) {
	flag.Parse()
	if *update {
		if err := writeVectors(); err != nil {
			fmt.Fprintln(os.Stderr, "writing vectors:", err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

func TestVectors(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	for _, v := range readVectors(is) {
		t.Run(v.Name, func(t *testing.T) {
			is := is.New(t)
			want := messageOf(is, v)

			frame, err := Append([]byte("before"), want)
			is.NoErr(err)                                                 // the fields can be encoded
			is.Equal(hex.EncodeToString(frame[len("before"):]), v.Hex)    // encoding gives the hex, after what was there
			is.Equal(string(frame[:len("before")]), "before")             // what was there is untouched
			m, err := Decode(v.frame(is))                                 //
			is.NoErr(err)                                                 // the hex can be decoded
			is.Equal(m.Kind().String(), v.Kind)                           // the kind is the one named
			is.Equal(m, want)                                             // decoding gives the fields
			is.NoErr(Scan(v.frame(is)))                                   // a message is a value that Scan accepts
			is.Equal(compact(is, fieldsOf(is, m)), compact(is, v.Fields)) // and no field is missing in the words
		})
	}
}

func TestVectorsCoverTheMessages(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	have := readVectors(is)
	want := goodMessages()
	is.Equal(len(have), len(want)) // go test ./transport/wire -update writes new ones
	for i, w := range want {
		is.Equal(have[i].Name, w.name) // in the same order
		frame, err := Append(nil, w.m)
		is.NoErr(err)                                    // a good message can be encoded
		is.Equal(hex.EncodeToString(frame), have[i].Hex) // to the bytes in the file
	}
}

func writeVectors() error {
	var out bytes.Buffer
	out.WriteString("[\n")
	for i, g := range goodMessages() {
		frame, err := Append(nil, g.m)
		if err != nil {
			return err
		}
		fields, err := json.Marshal(wordsOf(g.m))
		if err != nil {
			return err
		}
		if i > 0 {
			out.WriteString(",\n")
		}
		v, err := json.MarshalIndent(vector{g.name, g.m.Kind().String(), hex.EncodeToString(frame), fields}, "  ", "  ")
		if err != nil {
			return err
		}
		out.WriteString("  ")
		out.Write(v)
	}
	out.WriteString("\n]\n")
	return os.WriteFile(vectorsFile, out.Bytes(), 0o644)
}

func readVectors(is *is.I) (list []vector) {
	is.Helper()
	b, err := os.ReadFile(vectorsFile)
	is.NoErr(err)                      // the file is there
	is.NoErr(json.Unmarshal(b, &list)) // the file is JSON
	is.True(len(list) > len(shapes)-1) // and has at least one vector per kind
	return list
}

func compact(is *is.I, b []byte) string {
	is.Helper()
	var out bytes.Buffer
	is.NoErr(json.Compact(&out, b)) // the words are JSON
	return out.String()
}

type goodMessage struct {
	name string
	m    Message
}

const (
	appID      = "00112233445566778899aabbccddeeff"
	instanceID = "ffeeddccbbaa99887766554433221100"
)

// goodMessages are the messages of testdata/vectors.json.
func goodMessages() []goodMessage {
	id := ID{0xd0, 0x0d, 0xfe, 0xed, 0x01, 0x23, 0x45, 0x67, 15: 0x2a}
	return []goodMessage{
		{"request, small", &Request{ID: id, Path: "/", Method: "request", Left: time.Second}},
		{"request, every field", fullRequest(id)},
		{"request, widths of integers", &Request{ID: id, Path: "/ü", Method: "x", Flags: 255, Hops: 200,
			Left: 65536 * time.Millisecond, Sent: -1, Body: bytes.Repeat([]byte{7}, 256)}},
		{"response, small", &Response{ID: id, Method: "response", Status: 200}},
		{"response, every field", &Response{ID: id, Outcome: OutcomeAnswered, Method: "done", Status: 503, Reason: "the disk is full",
			Header: map[string][]string{"retry-after": {"2"}}, Body: []byte("later"),
			Queued: 1500 * time.Microsecond, Run: 5 * time.Second, Load: 17}},
		{"response, overloaded", &Response{ID: id, Outcome: OutcomeOverloaded, Method: "response", Status: 503, Reason: "overloaded", Load: 2048}},
		{"forward", &Forward{ID: id, Service: "thumbnails", Path: "/cut/7", Method: "post",
			Header: map[string][]string{"content-type": {"image/png"}}, Args: map[string]string{"size": "64"}, Body: []byte{1, 2, 3}}},
		{"cancel", &Cancel{ID: id}},
		{"hello of an instance", &Hello{Instance: instanceID, Name: "host-7/4711", MinVersion: 1, MaxVersion: 1, Service: "slow",
			Routes:         []Route{{"get", "/service/slow"}, {"*", "/files/*"}, {"post", `/item/{id:[0-9]+}`}},
			WindowMessages: 256, WindowBytes: 16 << 20}},
		{"hello of an instance that tells no routes", &Hello{Instance: instanceID, MinVersion: 1, MaxVersion: 1, Service: "slow", WindowMessages: 1, WindowBytes: 1 << 40}},
		{"hello of an instance without routes", &Hello{Instance: instanceID, MinVersion: 1, MaxVersion: 2, Service: "slow", Routes: []Route{}, WindowMessages: 64, WindowBytes: 65535}},
		{"hello of an app", &Hello{Instance: appID, Name: "web-1", MinVersion: 1, MaxVersion: 1, Services: []string{"slow", "thumbnails"}, Sent: 1_700_000_000_000_000}},
		{"bye", &Bye{}},
	}
}

func fullRequest(id ID) *Request {
	return &Request{ID: id, Path: "/service/slow", Method: "get", Flags: FlagSent, Hops: 2,
		Left: 30 * time.Second, Sent: 1_700_000_000_000_000, From: appID,
		Header: map[string][]string{
			"content-type": {"application/json"},
			"traceparent":  {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
			"accept":       {"text/html", "application/json"},
		},
		Args: map[string]string{"delay": "10ms", "b": "ü"},
		Body: []byte(`{"a":1}`)}
}
