package web

import (
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxReason is the longest reason shown, in bytes; a service that answers with more is telling a story.
const maxReason = 512

// clean makes a reason safe to show: valid UTF-8, on one line, without control characters, and without the
// characters that turn the direction of text around and so let a reason show what it does not say.
func clean(reason string) string {
	reason = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(reason, "\uFFFD"))
	reason = strings.TrimSpace(reason)
	if len(reason) <= maxReason {
		return reason
	}
	end := maxReason
	for !utf8.RuneStart(reason[end]) {
		end--
	}
	return reason[:end] + "…"
}

// allowed are the fields of a service's answer that a web client may see. The list says what gets through, not what
// is held back, so that cookies, hop-by-hop fields and policies of some service never reach a browser.
var allowed = map[string]bool{
	"Retry-After":      true,
	"Allow":            true,
	"Www-Authenticate": true,
	"Content-Language": true,
}

// copyAllowed drops a value that clean would change rather than mend it: half a challenge is worse than none.
func copyAllowed(to http.Header, from map[string][]string) {
	for name, values := range from {
		name = http.CanonicalHeaderKey(name)
		if !allowed[name] {
			continue
		}
		to.Del(name)
		for _, v := range values {
			if v == clean(v) {
				to.Add(name, v)
			}
		}
	}
}
