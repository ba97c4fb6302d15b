package printable_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/matryer/is"

	"quartet/internal/printable"
)

func TestEscape(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"/reports/7?a=b", "/reports/7?a=b"},
		{"Zürich 東京 \u00a0 👍", "Zürich 東京 \u00a0 👍"},
		{"a\nb\r\tc", `a\nb\r\tc`},
		{"\x00\x1b[31m\x7f", `\x00\x1b[31m\x7f`},
		{"\u0085\u009b", `\u0085\u009b`},
		{"a\u202eb\u2066", `a\u202eb\u2066`},
		{"\u2028\u2029", `\u2028\u2029`},
		{"\U000e0041\ufeff\u200d", `\U000e0041\ufeff\u200d`},
		{"\xff\xc3", `\xff\xc3`},
		{"\ufffd", "\ufffd"}, // a rune like any other, if it was written as one
		{`\n`, `\n`},
	} {
		is := is.New(t)
		is.Equal(printable.Escape(c.in), c.want)
		is.Equal(printable.Escape(c.want), c.want) // what was escaped stays as it is
	}
}

// TestEscapeOfEveryRune leaves none of those that the log must not hold, and nothing else is touched that people read.
func TestEscapeOfEveryRune(t *testing.T) {
	t.Parallel()
	for r := rune(0); r <= unicode.MaxRune; r++ {
		got := printable.Escape(string(r)) // a surrogate becomes U+FFFD
		switch {
		case forbidden(r) && (got == string(r) || strings.ContainsFunc(got, forbidden)):
			t.Errorf("%U is left as %q", r, got)
		case unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S, unicode.Zs) && got != string(r):
			t.Errorf("%U became %q", r, got)
		}
	}
}

func TestCut(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in    string
		limit int
		want  string
	}{
		{"abcdef", 6, "abcdef"},
		{"abcdefg", 6, "abc…"},
		{"abc\ndef", 7, "abc…"},
		{"abc\ndef", 8, `abc\ndef`},
		{"äöü", 6, "äöü"},
		{"äöüß", 7, "äö…"},
		{"\x1b\x1b", 4, "…"}, // no half of an escape
		{"\x1b", 4, `\x1b`},
		{"abcd", 0, "…"},
		{"abc", -1, "abc"},
		{strings.Repeat("x", 1<<20), 8, "xxxxx…"},
		{strings.Repeat("\x00", 1<<20), 8, `\x00…`},
	} {
		is := is.New(t)
		got := printable.Cut(c.in, c.limit)
		is.Equal(got, c.want)
		is.Equal(printable.Cut(got, c.limit), got) // what was cut stays as it is
	}
}

// forbidden are the runes that never reach a log.
func forbidden(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029'
}

func FuzzEscape(f *testing.F) {
	for _, s := range []string{"", "plain", "a\nb", "\x1b[2J", "\u202e\u0085", "\xff\xfe", "\U000e0041", `\x1b`} {
		f.Add(s, 8)
	}
	f.Fuzz(func(t *testing.T, s string, limit int) {
		all, cut := printable.Escape(s), printable.Cut(s, limit)
		for _, got := range []string{all, cut} {
			if !utf8.ValidString(got) || strings.ContainsFunc(got, forbidden) {
				t.Fatalf("%q became %q", s, got)
			}
			if printable.Escape(got) != got {
				t.Fatalf("%q is not left alone", got)
			}
		}
		if len(cut) > max(limit, 3) {
			t.Fatalf("%d bytes, at most %d are allowed", len(cut), limit)
		}
		if start, missing := strings.CutSuffix(cut, "…"); cut != all && (!missing || !strings.HasPrefix(all, start)) {
			t.Fatalf("%q is no beginning of %q", cut, all)
		}
	})
}
