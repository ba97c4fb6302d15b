package house

import (
	"fmt"
	"go/ast"
	"go/build/constraint"
	"go/token"
	"regexp"
	"slices"
	"testing"

	"github.com/matryer/is"
)

// alone matches the tests that scripts/test runs in the pass without -race, and only there.
var alone = regexp.MustCompile(`^Test(Timed|Alloc)`)

// neverRun lists the tests that no pass of scripts/test runs, because the build constraint of their file leaves out the
// one pass that their name puts them into.
func neverRun(f source) []string {
	var missed []string
	for _, decl := range f.file.Decls {
		d, ok := decl.(*ast.FuncDecl)
		if !ok || d.Recv != nil || len(d.Name.Name) < 4 || d.Name.Name[:4] != "Test" || d.Name.Name == "TestMain" {
			continue
		}
		if race := !alone.MatchString(d.Name.Name); !builds(f.file, race) {
			missed = append(missed, fmt.Sprintf("%s: %s", f.name, d.Name.Name))
		}
	}
	return missed
}

// builds tells whether some system compiles the file with or without -race.
func builds(file *ast.File, race bool) bool {
	for _, group := range file.Comments {
		for _, c := range group.List {
			expr, err := constraint.Parse(c.Text)
			if err != nil || c.Pos() > file.Package {
				continue
			}
			return slices.ContainsFunc([]bool{true, false}, func(other bool) bool {
				return expr.Eval(func(tag string) bool { return tag == "race" && race || tag != "race" && other })
			})
		}
	}
	return true
}

func TestEveryTestIsRunBySomePass(t *testing.T) {
	t.Parallel()
	for _, f := range sources(t) {
		if !f.test {
			continue
		}
		for _, missed := range neverRun(f) {
			t.Errorf("no pass of scripts/test runs %s: name it TestAlloc… or TestTimed…, or let its file build with -race", missed)
		}
	}
}

func TestPassCheckFindsTestsNobodyRuns(t *testing.T) {
	t.Parallel()
	const tests = "package a\n\nfunc TestPlain(t *testing.T) {}\n\nfunc TestAllocX(t *testing.T) {}\n"
	for _, c := range []struct {
		line string
		want []string
	}{
		{line: "", want: nil},
		{line: "//go:build linux", want: nil},
		{line: "//go:build !windows", want: nil},
		{line: "//go:build !race", want: []string{"a_test.go: TestPlain"}},
		{line: "//go:build linux && !race", want: []string{"a_test.go: TestPlain"}},
		{line: "//go:build race", want: []string{"a_test.go: TestAllocX"}},
	} {
		t.Run(c.line, func(t *testing.T) {
			is := is.New(t)
			f, err := parse(token.NewFileSet(), "", "a_test.go", c.line+"\n\n"+tests)
			is.NoErr(err)                 // the sample parses
			is.Equal(neverRun(f), c.want) // exactly the tests that the constraint keeps from their pass
		})
	}
}
