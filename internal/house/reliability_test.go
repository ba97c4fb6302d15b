package house

import (
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/matryer/is"
)

// testName is how a page of the docs names a test.
var testName = regexp.MustCompile("`(Test[A-Z][A-Za-z0-9]*)`")

// TestReliabilityNamesItsTests: every test that docs/RELIABILITY.md names exists.
func TestReliabilityNamesItsTests(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	page, err := os.ReadFile(filepath.Join(moduleDir, "docs", "RELIABILITY.md"))
	is.NoErr(err) // the page is there
	there := map[string]bool{}
	for _, f := range sources(t) {
		for _, decl := range f.file.Decls {
			if d, ok := decl.(*ast.FuncDecl); ok && f.test && d.Recv == nil {
				there[d.Name.Name] = true
			}
		}
	}
	named := testName.FindAllStringSubmatch(string(page), -1)
	is.True(len(named) > 50) // the page names tests
	for _, n := range named {
		if !there[n[1]] {
			t.Errorf("docs/RELIABILITY.md names %s, which is no test", n[1])
		}
	}
}
