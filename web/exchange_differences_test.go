package web_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/matryer/is"
)

// difference is one that the docs of Offload or Serve tell.
type difference struct {
	name   string
	says   string       // the words of the docs
	change func(*reply) // makes of a direct answer what comes through a service
}

// differences are all of them. Each is told in the docs, and some exchange shows it.
var differences []difference

// documented adds one. Where change is nil the exchanges say what it comes to; see refused.
func documented(name, says string, change func(*reply)) difference {
	d := difference{name, says, change}
	differences = append(differences, d)
	return d
}

// What a client or a handler can tell, and why it is so.
var (
	// A message is sent when it is complete, and then its length is known.
	wholeAnswer = documented("the answer is not chunked", "Content-Length is always known", func(a *reply) {
		if a.field("Transfer-Encoding") == "chunked" {
			a.drop("Transfer-Encoding")
			a.setBody(a.body)
		}
	})
	wholeHead = documented("HEAD tells the length of a long answer", "Content-Length is always known", nil)
	// Offload needs the whole body, to send it.
	wholeRequest = documented("the body's length is known", "ContentLength is always known", seeing(func(s *seen) {
		var n int64
		if _, err := fmt.Sscanf(s.Body, "%d bytes", &n); err != nil {
			n = int64(len(s.Body))
		}
		s.Length, s.Encoding = n, nil
	}))
	readFirst  = documented("the body is asked for", "who waits for 100 Continue gets it", nil)
	brokenBody = documented("the body is broken", "one that is malformed with 400", nil)
	tooLarge   = documented("the body is too large", "A larger request is answered with 413", nil)
	answerBig  = documented("the answer is too large", "a larger answer becomes 502", nil)
	// The limits of an envelope, and what may be in one.
	longPath   = documented("the path is too long", "a path of more than 4 KiB is answered with 414", nil)
	manyFields = documented("too many fields", "more than 112 fields, 512 values or 52 KiB of both with 431", nil)
	control    = documented("control characters of C1", "control characters, and what is neither UTF-8 nor Latin-1, with 400", nil)
	// What HTTP does beside requests and answers.
	upgrade  = documented("upgrades", "Upgrades", nil)
	stream   = documented("a client that wants nothing but an event stream", "requests that accept nothing but an event stream", nil)
	trailer  = documented("trailers of a request", "trailers", nil)
	tunnel   = documented("CONNECT and *", "CONNECT, the target *", nil)
	oddToken = documented("odd METHODs", "methods that are not of capital letters, digits, - and _", nil)
	// RFC 9110, 7.6.
	hops    = documented("fields of one hop", "Hop-by-hop fields, and what the field Connection names", nil)
	counted = documented("Max-Forwards", "Max-Forwards of OPTIONS and TRACE is counted down", seeing(func(s *seen) {
		for i, v := range s.Header["Max-Forwards"] {
			n, _ := strconv.Atoi(v)
			s.Header["Max-Forwards"][i] = strconv.Itoa(n - 1)
		}
	}))
	lastHop  = documented("Max-Forwards: 0", "0 is answered with 200 at once", nil)
	reserved = documented("reserved fields", `those that begin with "quartet-"`, seeing(func(s *seen) {
		for name := range s.Header {
			if strings.HasPrefix(name, "Quartet-") {
				delete(s.Header, name)
			}
		}
	}))
	connField = documented("fields of one hop in answers", "hop-by-hop fields, reserved ones", nil)
	// The request is a message of its own.
	origin = documented("the target's form", "RequestURI and URL are those of the origin form", seeing(func(s *seen) {
		s.Scheme, s.Opaque, s.URLHost = "", "", ""
	}))
	escaped = documented("odd bytes in a path", "with everything escaped that a path may not have", nil)
	version = documented("the protocol", "over HTTP/1.1", seeing(func(s *seen) { s.Proto = "HTTP/1.1" }))
	// The answer is a message of its own.
	noEarly   = documented("informational answers", "Informational answers (1xx) are dropped", func(a *reply) { a.early = nil })
	blanked   = documented("control characters in answers", "Control characters in fields become spaces", nil)
	canonical = documented("the case of names in answers", "names have their usual case", nil)
	panicked  = documented("a panic", "A panic is answered with 500", nil)
	badStatus = documented("a status over 599", "a status over 599", nil)
	cutShort  = documented("a short answer", "shorter than its Content-Length", nil)
	aborted   = documented("an aborted answer", "aborted with http.ErrAbortHandler", nil)
	longHead  = documented("an answer with too many fields", "whose fields exceed what a request's may", nil)
	events    = documented("an event stream", "501 for an event stream, an upgrade or trailers", nil)
	controls  = documented("what needs the connection", "what needs the connection itself (Hijack, deadlines, full duplex) is not supported", nil)
)

// by says what a difference comes to in one exchange.
func (d difference) by(change func(*reply)) difference {
	d.change = change
	return d
}

// seeing changes what an answer of echo says.
func seeing(change func(*seen)) func(*reply) {
	return func(a *reply) {
		var s seen
		if json.Unmarshal([]byte(a.body), &s) != nil {
			return // an answer that says nothing
		}
		change(&s)
		out, err := json.Marshal(s)
		if err != nil {
			panic(err)
		}
		a.setBody(string(out))
	}
}

// sees says what a handler sees in one exchange.
func (d difference) sees(change func(*seen)) difference { return d.by(seeing(change)) }

// without says that a handler does not see some fields.
func (d difference) without(names ...string) difference {
	return d.sees(func(s *seen) {
		for _, name := range names {
			delete(s.Header, name)
		}
	})
}

// refused says that the answer is an error made by Offload or on the way, as Error shows it.
func (d difference) refused(status int, reason string, fields ...string) difference {
	title := http.StatusText(status)
	body := fmt.Sprintf(`{"status":%d,"error":%q,"reason":%q}`+"\n", status, title, reason)
	fields = append(fields, "Cache-Control: no-store", "Content-Type: application/json", "Vary: Accept",
		"X-Content-Type-Options: nosniff", fmt.Sprintf("Content-Length: %d", len(body)))
	slices.Sort(fields)
	return d.by(func(a *reply) {
		*a = reply{line: fmt.Sprintf("HTTP/1.1 %d %s", status, title), fields: fields, body: body}
	})
}

// TestDifferencesAreDocumented looks for the words in the docs.
func TestDifferencesAreDocumented(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	text := ""
	for file, name := range map[string]string{"offload.go": "Offload", "serve.go": "Serve"} {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		is.NoErr(err) // the source can be read
		for _, decl := range f.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == name {
				text += strings.Join(strings.Fields(fn.Doc.Text()), " ") + "\n"
			}
		}
	}
	is.Equal(strings.Count(text, "\n"), 2) // both docs are there
	for _, d := range differences {
		if !strings.Contains(text, d.says) {
			t.Errorf("the docs of Offload and Serve do not say %q, which is about: %s", d.says, d.name)
		}
	}
}
