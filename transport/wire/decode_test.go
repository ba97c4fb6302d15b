package wire

import (
	"errors"
	"strings"
	"testing"

	"github.com/matryer/is"
)

// The body is the frame's memory; everything else is the message's own.
func TestDecodeTakesTheFrame(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	want := fullRequest(ID{1})
	frame, err := Append(nil, want)
	is.NoErr(err) // a good message
	frame = append(frame, 0xc1)
	frame = frame[:len(frame)-1] // there is memory behind the frame

	m, err := Decode(frame)
	is.NoErr(err) // which is decoded
	got := m.(*Request)
	is.Equal(&got.Body[0], &frame[len(frame)-len(got.Body)]) // the body was not copied
	is.Equal(cap(got.Body), len(got.Body))                   // and appending to it copies it
	clear(frame)
	got.Body = want.Body
	is.Equal(got, want) // the rest does not change with the frame
}

// Values of one header share memory, which must not show.
func TestHeaderValuesAreApart(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	header := map[string][]string{"a": {"1"}, "b": {"2", "3", "4", "5"}, "c": {}, "d": {"6"}}
	frame, err := Append(nil, &Response{Method: "response", Status: 200, Header: header})
	is.NoErr(err) // a good message
	m, err := Decode(frame)
	is.NoErr(err) // which is decoded
	got := m.(*Response).Header
	for name := range got {
		got[name] = append(got[name], "more")
	}
	for name, values := range header {
		is.Equal(got[name], append(values, "more")) // each has its own values
	}
}

func TestEmptyIsNil(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	frame, err := Append(nil, &Request{Path: "/", Method: "get", Header: map[string][]string{}, Args: map[string]string{}, Body: []byte{}})
	is.NoErr(err) // empty and nil are the same
	m, err := Decode(frame)
	is.NoErr(err)                                   // on the wire
	is.Equal(m, &Request{Path: "/", Method: "get"}) // and nil behind it
	parts := elements(is, frame)
	parts[10], parts[11], parts[12] = []byte{0xc0}, []byte{0xc0}, []byte{0xc0}
	m, err = Decode(assemble(parts))
	is.NoErr(err)                                   // a nil is taken
	is.Equal(m, &Request{Path: "/", Method: "get"}) // for an empty one
}

func TestErrorsNameTheMessage(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	frame, err := Append(nil, fullRequest(ID{15: 7}))
	is.NoErr(err) // a good message
	_, err = Decode(append(frame, 0))
	is.True(strings.HasSuffix(err.Error(), "(request 00000000000000000000000000000007)")) // which one was bad
	kind, id, ok := IDOf(err)
	is.True(ok)                                     // can be asked
	is.Equal(kind, KindRequest)                     // kind
	is.Equal(id, ID{15: 7})                         // and id
	_, _, ok = IDOf(errors.New(""))                 // other errors
	is.True(!ok)                                    // have none
	is.True(!strings.Contains(err.Error(), "slow")) // and nothing else of the message is told
}

func TestNames(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	is.Equal(KindRequest.String()+KindBye.String()+Kind(9).String(), "requestbyekind 9")                           // kinds
	is.Equal(OutcomeAnswered.String()+OutcomeForbidden.String()+Outcome(9).String(), "answeredforbiddenoutcome 9") // outcomes
}
