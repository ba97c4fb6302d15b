package wire

import (
	"strings"
	"unicode/utf8"
)

// ValidMethod reports whether s is a METHOD: a lower-case letter, then letters,
// digits, '_' and '-', MaxMethod bytes at most.
func ValidMethod(s string) bool {
	if s == "" || len(s) > MaxMethod || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	for i := 1; i < len(s); i++ {
		if c := s[i]; !lowerOrDigit(c) && c != '_' && c != '-' {
			return false
		}
	}
	return true
}

// ValidPath reports whether s is a path, or the pattern of a route: it begins
// with a slash and is text of MaxPath bytes at most.
func ValidPath(s string) bool {
	return len(s) <= MaxPath && strings.HasPrefix(s, "/") && validText(s)
}

// ValidName reports whether s is the name of a service: text of 1 to MaxName bytes.
func ValidName(s string) bool { return s != "" && len(s) <= MaxName && validText(s) }

// ValidInstance reports whether s is the id of a process: 32 lower-case hex digits.
func ValidInstance(s string) bool {
	if len(s) != 2*len(ID{}) {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// ValidHeaderName reports whether s is a header name: an HTTP token without
// upper-case letters, of MaxName bytes at most.
func ValidHeaderName(s string) bool {
	if s == "" || len(s) > MaxName {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !lowerOrDigit(c) && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return true
}

// ValidHeaderValue reports whether s is a header value: UTF-8 without CR, LF and NUL.
func ValidHeaderValue(s string) bool {
	return !strings.ContainsAny(s, "\r\n\x00") && utf8.ValidString(s)
}

// ValidReason reports whether s is the reason of a response: text of MaxReason
// bytes at most. CleanReason makes one of any string.
func ValidReason(s string) bool { return len(s) <= MaxReason && validText(s) }

// CleanReason returns s as a valid reason: spaces in place of control bytes,
// U+FFFD in place of what is no UTF-8, cut after MaxReason bytes.
func CleanReason(s string) string {
	if ValidReason(s) {
		return s
	}
	s = s[:min(len(s), 2*MaxReason)] // so that the work is bounded, too
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	for n := min(len(s), MaxReason); ; n-- {
		if n == len(s) || utf8.RuneStart(s[n]) {
			return s[:n]
		}
	}
}

// validText reports whether s is UTF-8 without control characters: those of ASCII, and U+0080 to U+009F, which a
// terminal obeys, too.
func validText(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] == 0x7f || s[i] == 0xc2 && i+1 < len(s) && s[i+1] < 0xa0 {
			return false
		}
	}
	return utf8.ValidString(s)
}

func lowerOrDigit(c byte) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' }
