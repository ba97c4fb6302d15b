package handler

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"quartet/transport/wire"
)

// pattern is a pattern in chi's grammar, taken apart:
//
//	/a/{id}           a parameter, up to the next slash or the text that follows
//	/a/{id:[0-9]+}    one that must match, as a whole
//	/files/*          the rest of the path, at the end only
type pattern struct {
	text  string
	parts []part
}

// part is one parameter and the text before it. A text at the end is a part without a name.
type part struct {
	text   string
	name   string // "*" for the rest of the path
	regexp string
	strict bool // has a regexp, which may be empty
}

// parsePattern refuses what chi would panic on, and what it takes but cannot match as one would expect.
func parsePattern(text string) (*pattern, error) {
	if !strings.HasPrefix(text, "/") {
		return nil, errors.New("it must begin with a slash")
	}
	if !wire.ValidPath(text) {
		return nil, fmt.Errorf("it must be text without control characters, of %d bytes at most", wire.MaxPath)
	}
	p := &pattern{text: text}
	for rest := text; rest != ""; {
		i := strings.IndexAny(rest, "{*")
		if i < 0 {
			p.parts = append(p.parts, part{text: rest})
			break
		}
		if i == 0 {
			return nil, errors.New("two parameters need text between them")
		}
		next, n, err := parsePart(rest[i:])
		if err != nil {
			return nil, err
		}
		next.text = rest[:i]
		p.parts = append(p.parts, next)
		rest = rest[i+n:]
	}
	return p, nil
}

// parsePart reads the parameter that s begins with and returns its length.
func parsePart(s string) (part, int, error) {
	if s[0] == '*' {
		if len(s) > 1 {
			return part{}, 0, errors.New("* must come last")
		}
		return part{name: "*"}, 1, nil
	}
	end := closing(s)
	if end < 0 {
		return part{}, 0, errors.New("a closing } is missing")
	}
	name, expr, strict := strings.Cut(s[1:end], ":")
	if name == "" || strings.Contains(name, "*") {
		return part{}, 0, fmt.Errorf("%q is no name for a parameter", name)
	}
	return part{name: name, regexp: anchored(expr), strict: strict}, end + 1, nil
}

// closing returns the index of the brace that closes the one s begins with: a regexp may contain braces in pairs.
func closing(s string) int {
	depth := 0
	for i, c := range s {
		switch c {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// anchored does what chi does, so that two spellings of one regexp have one shape.
func anchored(expr string) string {
	if expr == "" {
		return ""
	}
	if !strings.HasPrefix(expr, "^") {
		expr = "^" + expr
	}
	if !strings.HasSuffix(expr, "$") {
		expr += "$"
	}
	return expr
}

// unique refuses a name that comes twice. A mount and a route in it may have one name, their patterns put together too.
func (p *pattern) unique() error {
	names := p.names()
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			return fmt.Errorf("the parameter %q comes twice", name)
		}
	}
	return nil
}

// shape is the pattern without the names: two patterns of one shape match the same paths.
func (p *pattern) shape() string { return p.render(func(int, part) string { return "" }) }

// numbered is the pattern with numbers for names, in which no name can come twice.
func (p *pattern) numbered() string {
	return p.render(func(i int, _ part) string { return strconv.Itoa(i) })
}

func (p *pattern) render(name func(int, part) string) string {
	var b strings.Builder
	for i, part := range p.parts {
		b.WriteString(part.text)
		switch {
		case part.name == "":
		case part.name == "*":
			b.WriteByte('*')
		case part.strict:
			b.WriteString("{" + name(i, part) + ":" + part.regexp + "}")
		default:
			b.WriteString("{" + name(i, part) + "}")
		}
	}
	return b.String()
}

// names lists the parameters in order, as chi reports their values.
func (p *pattern) names() (names []string) {
	for _, part := range p.parts {
		if part.name != "" {
			names = append(names, part.name)
		}
	}
	return names
}
