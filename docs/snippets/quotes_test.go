package snippets

import (
	"fmt"
	"go/build"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/matryer/is"
)

// quote is one block of Go on a page. A blank line in it may stand for lines that were left out.
type quote struct {
	at         string     // page and line
	paragraphs [][]string // lines without their white space
}

// quotes lists the blocks of Go on a page.
func quotes(page, text string) []quote {
	var all []quote
	fence, inGo := "", false
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		switch {
		case fence == "" && (strings.HasPrefix(line, "```") || strings.HasPrefix(line, "~~~")):
			fence = line[:3]
			word, _, _ := strings.Cut(strings.TrimLeft(line, fence), " ")
			if inGo = word == "go" || word == "golang"; inGo {
				all = append(all, quote{at: fmt.Sprintf("%s:%d", page, i+1), paragraphs: [][]string{nil}})
			}
		case fence != "" && strings.HasPrefix(line, fence):
			fence, inGo = "", false
		case inGo:
			all[len(all)-1].add(plain(line))
		}
	}
	return all
}

// add appends a line to the last paragraph; a blank one begins the next.
func (q *quote) add(line string) {
	if line == "" {
		q.paragraphs = append(q.paragraphs, nil)
		return
	}
	last := &q.paragraphs[len(q.paragraphs)-1]
	*last = append(*last, line)
}

// plain is a line with single spaces, however it is indented and aligned.
func plain(line string) string { return strings.Join(strings.Fields(line), " ") }

// missingFrom returns the first paragraph that the lines of a file do not have, after the ones before it; nil if they
// have all.
func (q quote) missingFrom(lines []string) []string {
	for _, p := range q.paragraphs {
		at := index(lines, p)
		if at < 0 {
			return p
		}
		lines = lines[at+len(p):]
	}
	return nil
}

// index tells where part begins in lines, -1 if it does not.
func index(lines, part []string) int {
	for i := 0; i+len(part) <= len(lines); i++ {
		if slices.Equal(lines[i:i+len(part)], part) {
			return i
		}
	}
	return -1
}

// unquoted says what of a block stands in none of the files, "" if one has all of it.
func (q quote) unquoted(files [][]string) string {
	for _, lines := range files {
		if q.missingFrom(lines) == nil {
			return ""
		}
	}
	if len(files) == 0 {
		return q.at + ": there are no files to quote from"
	}
	furthest := files[0] // the one that the block is most likely from: it has the most of its paragraphs
	for _, lines := range files[1:] {
		if q.found(lines) > q.found(furthest) {
			furthest = lines
		}
	}
	return fmt.Sprintf("%s: these lines are in no file of docs/snippets, in this order:\n\t%s",
		q.at, strings.Join(q.missingFrom(furthest), "\n\t"))
}

// found counts the paragraphs before the first one that a file does not have.
func (q quote) found(lines []string) int {
	missing := q.missingFrom(lines)
	return slices.IndexFunc(q.paragraphs, func(p []string) bool { return slices.Equal(p, missing) })
}

// compiled returns the lines of the files that this very test is compiled of.
func compiled(t *testing.T) [][]string {
	t.Helper()
	is := is.New(t)
	pkg, err := build.ImportDir(".", 0)
	is.NoErr(err) // the package is here
	var files [][]string
	for _, name := range pkg.TestGoFiles {
		if name != "quotes_test.go" { // which quotes for its own test
			files = append(files, read(t, name))
		}
	}
	return files
}

func read(t *testing.T, name string) []string {
	t.Helper()
	is := is.New(t)
	text, err := os.ReadFile(name)
	is.NoErr(err) // the file can be read
	lines := strings.Split(string(text), "\n")
	for i, line := range lines {
		lines[i] = plain(line)
	}
	return lines
}

func TestEveryQuoteIsCompiled(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	pages, err := filepath.Glob("../*.md")
	is.NoErr(err) // the pattern is good
	files := compiled(t)
	count := map[string]int{}
	for _, page := range append(pages, "../../README.md") {
		text, err := os.ReadFile(page)
		is.NoErr(err) // the page can be read
		for _, q := range quotes(page, string(text)) {
			count[filepath.Base(page)]++
			if wrong := q.unquoted(files); wrong != "" {
				t.Error(wrong)
			}
		}
	}
	for _, page := range []string{"README.md", "HANDLERS.md", "WEB.md"} {
		is.True(count[page] > 1) // there is Go on the page, or the test looks at nothing
	}
}

func TestQuoteCheckFindsWhatIsNotCompiled(t *testing.T) {
	t.Parallel()
	file := []string{"package a", "", "func f() {", "g(1, 2) // once", "g(3, 4)", "}", "", "func g(a, b int) {}"}
	for _, c := range []struct {
		name, block string
		ok          bool
	}{
		{"the same", "func f() {\n\tg(1, 2) // once\n\tg(3, 4)\n}", true},
		{"indented and aligned otherwise", "\t\tg(1, 2)   // once\n\t\tg(3, 4)", true},
		{"lines left out at a blank one", "package a\n\nfunc g(a, b int) {}", true},
		{"lines left out", "func f() {\ng(3, 4)", false},
		{"another order", "func g(a, b int) {}\n\nfunc f() {", false},
		{"another comment", "g(1, 2) // twice", false},
		{"another argument", "g(1, 3) // once", false},
		{"the beginning of a line", "g(1, 2)", false},
		{"a line twice", "g(3, 4)\n\ng(3, 4)", false},
		{"the page's own", "func f() {\n\ng(3, 4)\n}\n\nfunc h() {}", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			is := is.New(t)
			page := "# A page\n\n```sh\nmake it\n```\n\nText\n\n```go\n" + c.block + "\n```\n"
			found := quotes("PAGE.md", page)
			is.Equal(len(found), 1) // the block is found, and no other
			wrong := found[0].unquoted([][]string{{"package b"}, file})
			is.Equal(wrong == "", c.ok)                                 // it is compiled, or it is told
			is.True(c.ok || strings.HasPrefix(wrong, "PAGE.md:9: the")) // with the place
		})
	}
}
