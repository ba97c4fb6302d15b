// Package printable makes text that came from outside safe for a log or a terminal, whatever writes it there: one line,
// valid UTF-8, and nothing in it that is obeyed instead of shown.
package printable

import (
	"math"
	"strconv"
	"unicode/utf8"
)

// ellipsis ends a text that was cut.
const ellipsis = "…"

// Escape returns s with an escape, as Go writes it, in place of everything that people do not see: \n for a line feed,
// \x1b for ESC, \u0085 and \u202e for other runes, \xff for a byte that is no UTF-8. That covers the control characters
// (C0, DEL, C1), those that turn the direction of text around, the line separators U+2028 and U+2029, and the other
// runes that strconv.IsGraphic does not know. All else stays as it is, a backslash too: what Escape returned it returns
// unchanged, and a text without any of these costs no allocation.
func Escape(s string) string { return Cut(s, math.MaxInt) }

// Cut is Escape for a text that may be of any length: the result has at most limit bytes, and ends in … where something
// is missing. It looks at no more than limit bytes of s. A limit below 3, the length of the …, counts as 3.
func Cut(s string, limit int) string {
	limit = max(limit, len(ellipsis))
	if len(s) <= limit && visiblePrefix(s) == len(s) {
		return s
	}
	out := make([]byte, 0, min(len(s)+16, limit)+len(`\U0010ffff`))
	room := 0 // the part of out that leaves room for the ellipsis
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if visible(r, size) {
			out = append(out, s[i:i+size]...)
		} else {
			out = appendEscape(out, r, s[i], size)
		}
		if len(out) > limit {
			return string(append(out[:room], ellipsis...))
		}
		if len(out) <= limit-len(ellipsis) {
			room = len(out)
		}
		i += size
	}
	return string(out)
}

// visiblePrefix is the length of the part of s before the first rune that needs an escape.
func visiblePrefix(s string) int {
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			if c < ' ' || c == 0x7f {
				return i
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if !visible(r, size) {
			return i
		}
		i += size
	}
	return len(s)
}

// visible says whether people see the rune that utf8 found in size bytes.
func visible(r rune, size int) bool {
	return (r != utf8.RuneError || size > 1) && strconv.IsGraphic(r)
}

const hex = "0123456789abcdef"

// appendEscape writes r, or the byte b where that is no UTF-8.
func appendEscape(out []byte, r rune, b byte, size int) []byte {
	digits := 4
	switch {
	case r == '\n':
		return append(out, `\n`...)
	case r == '\r':
		return append(out, `\r`...)
	case r == '\t':
		return append(out, `\t`...)
	case size == 1: // ASCII, or no UTF-8
		return append(out, '\\', 'x', hex[b>>4], hex[b&15])
	case r > 0xffff:
		digits = 8
		out = append(out, `\U`...)
	default:
		out = append(out, `\u`...)
	}
	for digits--; digits >= 0; digits-- {
		out = append(out, hex[r>>(4*digits)&15])
	}
	return out
}
