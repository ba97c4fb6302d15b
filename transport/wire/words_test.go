package wire

import (
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/matryer/is"
)

// The fields of each kind in words, in the order and the units of the wire.

type requestWords struct {
	ID     string              `json:"id"`
	Path   string              `json:"path"`
	Method string              `json:"METHOD"`
	Flags  uint8               `json:"flags"`
	Hops   uint8               `json:"hops"`
	Left   int64               `json:"left"`
	Sent   int64               `json:"sent"`
	From   string              `json:"from"`
	Header map[string][]string `json:"header"`
	Args   map[string]string   `json:"args"`
	Body   string              `json:"body"`
}

type responseWords struct {
	ID      string              `json:"id"`
	Outcome uint8               `json:"outcome"`
	Method  string              `json:"METHOD"`
	Status  int                 `json:"status"`
	Reason  string              `json:"reason"`
	Header  map[string][]string `json:"header"`
	Body    string              `json:"body"`
	Queued  int64               `json:"queued"`
	Run     int64               `json:"run"`
	Load    uint32              `json:"load"`
}

type forwardWords struct {
	ID      string              `json:"id"`
	Service string              `json:"service"`
	Path    string              `json:"path"`
	Method  string              `json:"METHOD"`
	Header  map[string][]string `json:"header"`
	Args    map[string]string   `json:"args"`
	Body    string              `json:"body"`
}

type cancelWords struct {
	ID string `json:"id"`
}

type helloWords struct {
	Instance string      `json:"instance"`
	Name     string      `json:"name"`
	Versions [2]int      `json:"versions"`
	Service  string      `json:"service"`
	Routes   [][2]string `json:"routes"`
	Window   [2]uint64   `json:"window"`
	Services []string    `json:"services"`
	Sent     int64       `json:"sent"`
}

type byeWords struct{}

func wordsOf(m Message) any {
	switch m := m.(type) {
	case *Request:
		return requestWords{m.ID.String(), m.Path, m.Method, uint8(m.Flags), m.Hops, m.Left.Milliseconds(), m.Sent, m.From,
			m.Header, m.Args, hex.EncodeToString(m.Body)}
	case *Response:
		return responseWords{m.ID.String(), uint8(m.Outcome), m.Method, m.Status, m.Reason, m.Header, hex.EncodeToString(m.Body),
			m.Queued.Microseconds(), m.Run.Microseconds(), m.Load}
	case *Forward:
		return forwardWords{m.ID.String(), m.Service, m.Path, m.Method, m.Header, m.Args, hex.EncodeToString(m.Body)}
	case *Cancel:
		return cancelWords{m.ID.String()}
	case *Hello:
		w := helloWords{m.Instance, m.Name, [2]int{int(m.MinVersion), int(m.MaxVersion)}, m.Service, nil,
			[2]uint64{uint64(m.WindowMessages), m.WindowBytes}, m.Services, m.Sent}
		if m.Routes != nil {
			w.Routes = [][2]string{}
		}
		for _, r := range m.Routes {
			w.Routes = append(w.Routes, [2]string{r.Method, r.Pattern})
		}
		return w
	default:
		return byeWords{}
	}
}

func fieldsOf(is *is.I, m Message) []byte {
	is.Helper()
	b, err := json.Marshal(wordsOf(m))
	is.NoErr(err) // words are JSON
	return b
}

// messageOf makes the message that a vector describes in words.
func messageOf(is *is.I, v vector) Message {
	is.Helper()
	switch v.Kind {
	case "request":
		w := words[requestWords](is, v)
		return &Request{idOf(is, w.ID), w.Path, w.Method, Flags(w.Flags), w.Hops, time.Duration(w.Left) * time.Millisecond, w.Sent, w.From,
			w.Header, w.Args, bytesOf(is, w.Body)}
	case "response":
		w := words[responseWords](is, v)
		return &Response{idOf(is, w.ID), Outcome(w.Outcome), w.Method, w.Status, w.Reason, w.Header, bytesOf(is, w.Body),
			time.Duration(w.Queued) * time.Microsecond, time.Duration(w.Run) * time.Microsecond, w.Load}
	case "forward":
		w := words[forwardWords](is, v)
		return &Forward{idOf(is, w.ID), w.Service, w.Path, w.Method, w.Header, w.Args, bytesOf(is, w.Body)}
	case "cancel":
		return &Cancel{idOf(is, words[cancelWords](is, v).ID)}
	case "hello":
		return words[helloWords](is, v).message()
	default:
		is.Equal(v.Kind, "bye") // there is no other kind
		return &Bye{}
	}
}

func (w helloWords) message() *Hello {
	h := &Hello{Instance: w.Instance, Name: w.Name, MinVersion: uint8(w.Versions[0]), MaxVersion: uint8(w.Versions[1]), Service: w.Service,
		WindowMessages: uint32(w.Window[0]), WindowBytes: w.Window[1], Services: w.Services, Sent: w.Sent}
	if w.Routes != nil {
		h.Routes = []Route{}
	}
	for _, r := range w.Routes {
		h.Routes = append(h.Routes, Route{r[0], r[1]})
	}
	return h
}

func words[W any](is *is.I, v vector) (w W) {
	is.Helper()
	is.NoErr(json.Unmarshal(v.Fields, &w)) // the words are those of the kind
	return w
}

func idOf(is *is.I, s string) ID {
	is.Helper()
	id, err := ParseID(s)
	is.NoErr(err) // an id is hex
	return id
}

func bytesOf(is *is.I, s string) []byte {
	is.Helper()
	if s == "" {
		return nil
	}
	b, err := hex.DecodeString(s)
	is.NoErr(err) // a body is hex
	return b
}
