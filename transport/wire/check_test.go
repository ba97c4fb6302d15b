package wire

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/matryer/is"
)

func TestValid(t *testing.T) {
	t.Parallel()
	long := func(n int) string { return strings.Repeat("a", n) }
	for _, c := range []struct {
		name string
		is   func(string) bool
		yes  []string
		no   []string
	}{
		{"method", ValidMethod,
			[]string{"get", "request", "x", "x-1_y", long(MaxMethod)},
			[]string{"", "GET", "1x", "-x", "_", "a b", "ä", "*", "a\n", long(MaxMethod + 1)}},
		{"path", ValidPath,
			[]string{"/", "/a/b", "/ü", "/a b", "/{id:[0-9]+}", "/*", "/" + long(MaxPath-1)},
			[]string{"", "a", " /", "/\n", "/\x00", "/\x7f", "/\xff", "/" + long(MaxPath)}},
		{"name", ValidName,
			[]string{"slow", "my service/2", "ü", long(MaxName)},
			[]string{"", "a\tb", "\x1b[0m", "\xff", long(MaxName + 1)}},
		{"instance", ValidInstance,
			[]string{appID, strings.Repeat("0", 32)},
			[]string{"", strings.ToUpper(appID), strings.Repeat("0", 31), strings.Repeat("0", 33), strings.Repeat("g", 32)}},
		{"header name", ValidHeaderName,
			[]string{"content-type", "x_1", "!#$%&'*+-.^_`|~", long(MaxName)},
			[]string{"", "Content-Type", "a b", "a:", "ä", "a\x00", long(MaxName + 1)}},
		{"header value", ValidHeaderValue,
			[]string{"", "a\tb", "ü", "\x1b"},
			[]string{"a\r", "a\nb", "\x00", "\xff"}},
		{"reason", ValidReason,
			[]string{"", "the disk is full", "ü", long(MaxReason)},
			[]string{"a\nb", "\x7f", "\xff", long(MaxReason + 1)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			is := is.New(t)
			for _, s := range c.yes {
				is.True(c.is(s)) // valid
			}
			for _, s := range c.no {
				is.True(!c.is(s)) // not valid
			}
		})
	}
}

func TestCleanReason(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	is.Equal(CleanReason("it is fine"), "it is fine")                 // untouched
	is.Equal(CleanReason("two\nlines\x00"), "two lines ")             // control bytes are spaces
	is.Equal(CleanReason("\xff!"), "\uFFFD!")                         // and the rest is UTF-8
	is.Equal(CleanReason("ü" + strings.Repeat("a", 9999))[:4], "üaa") // cut
	for n := range 5 {
		s := CleanReason(strings.Repeat("a", n) + strings.Repeat("語\xff\n", 1000))
		is.True(ValidReason(s))                                        // whatever it was
		is.True(len(s) > MaxReason-utf8.UTFMax && len(s) <= MaxReason) // as long as can be
	}
}

// bad is a way to spoil a good message of type M, and the field it spoils.
type bad[M any] struct {
	field string
	spoil func(*M)
}

func refuses[M any, P interface {
	*M
	Message
}](t *testing.T, good M, cases []bad[M]) {
	t.Helper()
	for i, c := range cases {
		t.Run(fmt.Sprintf("%d %s", i, c.field), func(t *testing.T) {
			is := is.New(t)
			is.NoErr(Check(P(&good))) // it was good
			spoilt := good
			c.spoil(&spoilt)
			out, err := Append([]byte("before"), P(&spoilt))
			is.Equal(string(out), "before") // nothing was written
			var f *FieldError
			is.True(errors.As(err, &f))                                        // the error names a field
			is.Equal(f.Field, c.field)                                         // the one that was spoilt
			is.True(errors.Is(err, ErrInvalid) || errors.Is(err, ErrTooLarge)) // and why
			is.True(!errors.Is(err, ErrMalformed))                             // nothing came from outside
		})
	}
}

func many[V any](n int, v V) map[string]V {
	m := make(map[string]V, n)
	for i := range n {
		m[fmt.Sprintf("n%d", i)] = v
	}
	return m
}

func TestCheckRequest(t *testing.T) {
	t.Parallel()
	refuses(t, Request{Path: "/", Method: "get", Left: 1, Header: many(MaxHeaderNames, []string{""}), Args: many(MaxArgs, "")}, []bad[Request]{
		{"path", func(r *Request) { r.Path = "" }},
		{"path", func(r *Request) { r.Path = "/\x01" }},
		{"METHOD", func(r *Request) { r.Method = "" }},
		{"METHOD", func(r *Request) { r.Method = "Get" }},
		{"left", func(r *Request) { r.Left = -1 }},
		{"left", func(r *Request) { r.Left = math.MaxInt64 }},
		{"from", func(r *Request) { r.From = "me" }},
		{"header", func(r *Request) { r.Header = many(MaxHeaderNames+1, []string{""}) }},
		{"header", func(r *Request) { r.Header = map[string][]string{"A": nil} }},
		{"header", func(r *Request) { r.Header = map[string][]string{"": nil} }},
		{"header", func(r *Request) { r.Header = map[string][]string{"a": {"", "\n"}} }},
		{"args", func(r *Request) { r.Args = many(MaxArgs+1, "") }},
		{"args", func(r *Request) { r.Args = map[string]string{"": ""} }},
		{"args", func(r *Request) { r.Args = map[string]string{"a": "\xff"} }},
		{"args", func(r *Request) { r.Args = map[string]string{strings.Repeat("a", MaxName+1): ""} }},
		{"message", func(r *Request) { r.Args = map[string]string{"a": strings.Repeat("a", MaxEnvelope)} }},
		{"header", func(r *Request) { r.Header = map[string][]string{"a": make([]string, MaxHeaderValues+1)} }},
	})
}

func TestCheckResponse(t *testing.T) {
	t.Parallel()
	refuses(t, Response{Method: "response", Status: 100, Outcome: OutcomeForbidden, Run: MaxElapsed}, []bad[Response]{
		{"outcome", func(r *Response) { r.Outcome++ }},
		{"METHOD", func(r *Response) { r.Method = "" }},
		{"status", func(r *Response) { r.Status = 0 }},
		{"status", func(r *Response) { r.Status = 99 }},
		{"status", func(r *Response) { r.Status = 600 }},
		{"reason", func(r *Response) { r.Reason = "a\n" }},
		{"header", func(r *Response) { r.Header = map[string][]string{"a b": nil} }},
		{"queued", func(r *Response) { r.Queued = -time.Microsecond }},
		{"run", func(r *Response) { r.Run++ }},
	})
}

func TestCheckForward(t *testing.T) {
	t.Parallel()
	refuses(t, Forward{Service: "s", Path: "/", Method: "get"}, []bad[Forward]{
		{"service", func(f *Forward) { f.Service = "" }},
		{"path", func(f *Forward) { f.Path = "a" }},
		{"METHOD", func(f *Forward) { f.Method = "*" }},
		{"header", func(f *Forward) { f.Header = map[string][]string{"A": nil} }},
		{"args", func(f *Forward) { f.Args = map[string]string{"\xff": ""} }},
	})
}

func TestCheckHello(t *testing.T) {
	t.Parallel()
	good := Hello{Instance: appID, MinVersion: 1, MaxVersion: 255, WindowMessages: math.MaxUint32, WindowBytes: math.MaxUint64}
	refuses(t, good, []bad[Hello]{
		{"instance", func(h *Hello) { h.Instance = "" }},
		{"name", func(h *Hello) { h.Name = "\n" }},
		{"versions", func(h *Hello) { h.MinVersion = 0 }},
		{"versions", func(h *Hello) { h.MinVersion, h.MaxVersion = 2, 1 }},
		{"service", func(h *Hello) { h.Service = strings.Repeat("a", MaxName+1) }},
		{"routes", func(h *Hello) { h.Routes = make([]Route, MaxRoutes+1) }},
		{"routes", func(h *Hello) { h.Routes = []Route{{"", "/"}} }},
		{"routes", func(h *Hello) { h.Routes = []Route{{"get", ""}} }},
		{"services", func(h *Hello) { h.Services = []string{"a", ""} }},
		{"services", func(h *Hello) { h.Services = make([]string, MaxServices+1) }},
		{"message", func(h *Hello) {
			h.Routes = make([]Route, 300)
			for i := range h.Routes {
				h.Routes[i] = Route{"*", "/" + strings.Repeat("a", MaxPath-1)}
			}
		}},
	})
}

// Whatever is at its limit goes through, all at once.
func TestLargestMessages(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	routes := make([]Route, MaxRoutes)
	for i := range routes {
		routes[i] = Route{"get", fmt.Sprintf("/some/resource/%d/{id:[0-9]+}/*", i)}
	}
	for _, m := range []Message{
		&Request{Path: "/" + strings.Repeat("a", MaxPath-1), Method: strings.Repeat("m", MaxMethod), Flags: 255, Hops: 255,
			Left: MaxLeft, Sent: math.MaxInt64, From: appID, Header: many(MaxHeaderNames, []string{"a", "b", ""}), Args: many(MaxArgs, "ü"),
			Body: make([]byte, 4<<20)},
		&Response{Method: "m", Status: 599, Reason: strings.Repeat("a", MaxReason), Queued: MaxElapsed, Run: MaxElapsed, Load: math.MaxUint32},
		&Hello{Instance: appID, MinVersion: 1, MaxVersion: 1, Routes: routes},
		&Hello{Instance: appID, MinVersion: 1, MaxVersion: 1, Services: strings.Fields(strings.Repeat("service ", MaxServices))},
	} {
		frame, err := Append(nil, m)
		is.NoErr(err) // it can be encoded
		got, err := Decode(frame)
		is.NoErr(err)    // and decoded
		is.Equal(got, m) // to the same
	}
}

// The envelope has room of its own beside the body.
func TestEnvelopeLimit(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	r := &Request{Path: "/", Method: "get", Body: make([]byte, 1<<20)}
	frame, err := Append(nil, r)
	is.NoErr(err) // a large body is no matter
	used := len(frame) - len(r.Body)
	r.Args = map[string]string{"a": strings.Repeat("a", MaxEnvelope-used-len("\xa1a\xda\x00\x00"))}
	frame, err = Append(nil, r)
	is.NoErr(err)                                 // an envelope of exactly the limit
	is.Equal(len(frame)-len(r.Body), MaxEnvelope) // as computed
	_, err = Decode(frame)
	is.NoErr(err) // is accepted by the other side
	_, parts, err := AppendParts(nil, r)
	is.NoErr(err) // in parts, too
	is.Equal(len(parts[0])+len(parts[2]), used+len(r.Args["a"])+len("\xa1a\xda\x00\x00"))
	is.Equal(&parts[1][0], &r.Body[0]) // the body itself
	r.Args["a"] += "a"
	_, err = Append(nil, r)
	is.True(errors.Is(err, ErrTooLarge)) // and not a byte more
	_, _, err = AppendParts(nil, r)
	is.True(errors.Is(err, ErrTooLarge))
}

func TestLeftIsRoundedUp(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	for left, want := range map[time.Duration]time.Duration{
		0:                       0,
		1:                       time.Millisecond,
		time.Millisecond:        time.Millisecond,
		time.Millisecond + 1:    2 * time.Millisecond,
		MaxLeft - 1:             MaxLeft,
		1500 * time.Microsecond: 2 * time.Millisecond,
	} {
		frame, err := Append(nil, &Request{Path: "/", Method: "get", Left: left})
		is.NoErr(err) // it can be encoded
		m, err := Decode(frame)
		is.NoErr(err)                     // and decoded
		is.Equal(m.(*Request).Left, want) // never to less
	}
}

func TestUnknownMessages(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	is.True(errors.Is(Check(nil), ErrKind)) // no message
	_, err := Append(nil, nil)
	is.True(errors.Is(err, ErrKind)) // cannot be sent
}
