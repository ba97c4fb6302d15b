package web

import (
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"quartet/handler"
	"quartet/transport/wire"
)

// What HTTP says outside of its header fields travels in reserved ones. They are taken out at either end: no client can
// set them and no browser sees them.
const (
	queryField  = handler.ReservedHeader + "query"       // as it stands after the question mark; there if that is
	schemeField = handler.ReservedHeader + "scheme"      // http or https
	hostField   = handler.ReservedHeader + "host"        // of the Host header
	remoteField = handler.ReservedHeader + "remote-addr" // of the client
	latinField  = handler.ReservedHeader + "latin-1"     // names of fields whose bytes were no UTF-8; see encode
	noTypeField = handler.ReservedHeader + "no-type"     // the answer has a body and wants no Content-Type
	routeField  = handler.ReservedHeader + "route"       // where chi's routers are; see addRoute
)

// Limits of all fields together, so that they fit a message beside a path, the reserved fields, and what a Trail adds.
const (
	maxFields = wire.MaxEnvelope - wire.MaxPath - 8<<10 // bytes of names and values
	maxNames  = wire.MaxHeaderNames - 16
	maxValues = wire.MaxHeaderValues / 2
)

// hopByHop are the fields that speak of one connection (RFC 9110, 7.6.1), and so never cross.
var hopByHop = map[string]bool{
	"connection": true, "proxy-connection": true, "keep-alive": true, "proxy-authenticate": true,
	"proxy-authorization": true, "te": true, "trailer": true, "transfer-encoding": true, "upgrade": true,
	"http2-settings": true,
}

// stays tells the fields that stay on this side: hop-by-hop ones, those that Connection names, and reserved ones.
func stays(header http.Header) func(name string) bool {
	named := map[string]bool{} // a client may name many
	for name, values := range header {
		if !strings.EqualFold(name, "connection") {
			continue
		}
		for _, v := range values {
			for token := range strings.SplitSeq(v, ",") {
				named[strings.ToLower(strings.TrimSpace(token))] = true
			}
		}
	}
	return func(name string) bool {
		return hopByHop[name] || named[name] || strings.HasPrefix(name, handler.ReservedHeader)
	}
}

// fields is a header on its way onto the wire.
type fields struct {
	values map[string][]string
	size   int
}

// add takes one field over. Bytes that are no UTF-8 travel as if they were Latin-1, and are marked, so that the other
// end can turn them back. control says what becomes of control characters; false if it refuses one.
func (f *fields) add(name string, values []string, control func(string) (string, bool)) bool {
	latin := slices.ContainsFunc(values, func(v string) bool { return !utf8.ValidString(v) })
	out := make([]string, len(values))
	for i, v := range values {
		if latin {
			v = fromLatin(v)
		}
		if hasControl(v) {
			var ok bool
			if v, ok = control(v); !ok {
				return false
			}
		}
		f.size += len(name) + len(v)
		out[i] = v
	}
	f.values[name] = append(f.values[name], out...)
	if latin {
		f.values[latinField] = append(f.values[latinField], name)
		f.size += len(name)
	}
	return true
}

// tooLarge says whether the fields are more than a message may have.
func (f *fields) tooLarge() bool {
	names, n := 0, 0
	for name, values := range f.values {
		if len(name) > wire.MaxName {
			return true
		}
		if !strings.HasPrefix(name, handler.ReservedHeader) {
			names, n = names+1, n+len(values)
		}
	}
	return names > maxNames || n > maxValues || f.size > maxFields
}

// refuseControl is for requests: who sends control characters gets an error.
func refuseControl(string) (string, bool) { return "", false }

// blankControl is for answers: they become spaces, as net/http does with line ends.
func blankControl(v string) (string, bool) {
	return strings.Map(func(r rune) rune {
		if isControl(r) {
			return ' '
		}
		return r
	}, v), true
}

// decode is the way back of add: the values of a field as HTTP has them. Whoever sent them meant well, and may have made
// a mistake: control characters are blanked once more.
func decode(header map[string][]string, name string) []string {
	latin := slices.Contains(header[latinField], name)
	out := slices.Clone(header[name])
	for i, v := range out {
		raw := !utf8.ValidString(v) // no wire brings such a text
		if raw {
			v = fromLatin(v)
		}
		if hasControl(v) {
			v, _ = blankControl(v)
		}
		if latin || raw {
			v = toLatin(v)
		}
		out[i] = v
	}
	return out
}

func fromLatin(v string) string {
	var b strings.Builder
	for i := range len(v) {
		b.WriteRune(rune(v[i]))
	}
	return b.String()
}

// toLatin leaves a text as it is that holds what Latin-1 has not: fromLatin did not make it.
func toLatin(v string) string {
	out := make([]byte, 0, len(v))
	for _, r := range v {
		if r > 0xff {
			return v
		}
		out = append(out, byte(r))
	}
	return string(out)
}

func hasControl(v string) bool { return strings.ContainsFunc(v, isControl) }

// isControl tells the characters of C0 but for the tab, which HTTP allows, DEL, and those of C1.
func isControl(r rune) bool { return r < ' ' && r != '\t' || r >= 0x7f && r < 0xa0 }
