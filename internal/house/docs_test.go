package house

import (
	"fmt"
	"go/ast"
	"go/token"
	"slices"
	"testing"

	"github.com/matryer/is"
)

// undocumented lists the exported names of the files that lack a comment, and the packages that lack one. Test files
// and the fields of structs are left alone.
func undocumented(files []source) []string {
	var missing []string
	documented := map[string]bool{}
	for _, f := range files {
		if f.test {
			continue
		}
		documented[f.pkg] = documented[f.pkg] || f.file.Doc.Text() != ""
		for _, decl := range f.file.Decls {
			for _, name := range bareNames(decl) {
				missing = append(missing, fmt.Sprintf("%s: %s", f.fset.Position(name.Pos()), name.Name))
			}
		}
	}
	for pkg, ok := range documented {
		if !ok {
			missing = append(missing, "package "+pkg)
		}
	}
	slices.Sort(missing)
	return missing
}

// bareNames lists the exported names that the declaration leaves without a comment.
func bareNames(decl ast.Decl) []*ast.Ident {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if d.Doc.Text() == "" && d.Name.IsExported() && (d.Recv == nil || ast.IsExported(receiver(d))) {
			return []*ast.Ident{d.Name}
		}
	case *ast.GenDecl:
		return bareSpecs(d)
	}
	return nil
}

// bareSpecs does so for types, constants and variables. A comment above a group of constants or variables speaks for
// all of them, one at the end of a line for its line; every type needs its own.
func bareSpecs(d *ast.GenDecl) []*ast.Ident {
	var bare []*ast.Ident
	for _, spec := range d.Specs {
		switch s := spec.(type) {
		case *ast.TypeSpec:
			own := s.Doc.Text() != "" || s.Comment.Text() != "" || !d.Lparen.IsValid() && d.Doc.Text() != ""
			if s.Name.IsExported() && !own {
				bare = append(bare, s.Name)
			}
		case *ast.ValueSpec:
			if d.Doc.Text() != "" || s.Doc.Text() != "" || s.Comment.Text() != "" {
				continue
			}
			for _, name := range s.Names {
				if name.IsExported() {
					bare = append(bare, name)
				}
			}
		}
	}
	return bare
}

// receiver names the type that the method belongs to.
func receiver(d *ast.FuncDecl) string {
	t := d.Recv.List[0].Type
	for {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.ParenExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.IndexListExpr:
			t = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}

func TestEveryExportedNameIsDocumented(t *testing.T) {
	t.Parallel()
	for _, name := range undocumented(sources(t)) {
		t.Errorf("no comment: %s", name)
	}
}

func TestDocCheckFindsBareNames(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	fset := token.NewFileSet()
	files := []source{}
	for name, text := range map[string]string{
		"a/a.go": `package a

func Bare() {}

// Commented is.
func Commented() {}

func hidden() {}

type T struct{ Field int }

func (t *T) Method() {}

// Said is.
func (t *T) Said() {}

type hiddenType struct{}

func (hiddenType) Method() {}

type G[K any] struct{}

func (g *G[K]) OfGeneric() {}

//go:generate true
func Directive() {}

const One, two = 1, 2

// Both are.
const (
	Three = 3
	Four  = 4
)

var (
	Five int // is
	Six  int
)

// A group says nothing about its types.
type (
	Seven int
	// Eight is.
	Eight int
)
`,
		"a/a_test.go": "package a\n\nfunc InTest() {}\n",
		"b/b.go":      "// Package b is.\npackage b\n",
		"b/more.go":   "package b\n",
	} {
		f, err := parse(fset, "", name, text)
		is.NoErr(err) // the sample parses
		files = append(files, f)
	}
	is.Equal(undocumented(files), []string{
		"a/a.go:10:6: T",
		"a/a.go:12:13: Method",
		"a/a.go:21:6: G",
		"a/a.go:23:16: OfGeneric",
		"a/a.go:26:6: Directive",
		"a/a.go:28:7: One",
		"a/a.go:38:2: Six",
		"a/a.go:3:6: Bare",
		"a/a.go:43:2: Seven",
		"package a",
	}) // exactly the bare names, and the package without a comment
}
