package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/matryer/is"
)

const (
	modulePath = "quartet"
	moduleDir  = "../.."
)

// source is one parsed Go file of the module, whatever its build constraints: what only another system or another
// build compiles is checked here too.
type source struct {
	name string // path of the file below the module
	pkg  string // path of its directory below the module
	test bool   // a _test.go file
	fset *token.FileSet
	file *ast.File
}

// imports lists the import paths of the file.
func (s source) imports() []string {
	var paths []string
	for _, spec := range s.file.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue // the parser has checked it
		}
		paths = append(paths, p)
	}
	return paths
}

// parse reads the text of one file, or the file itself when text is nil.
func parse(fset *token.FileSet, dir, name string, text any) (source, error) {
	file, err := parser.ParseFile(fset, filepath.Join(dir, name), text, parser.ParseComments|parser.SkipObjectResolution)
	return source{name: name, pkg: path.Dir(name), test: strings.HasSuffix(name, "_test.go"), fset: fset, file: file}, err
}

// sources parses every Go file of the module; nested modules are not part of it.
func sources(t *testing.T) []source {
	t.Helper()
	is := is.New(t)
	var all []source
	fset := token.NewFileSet()
	err := filepath.WalkDir(moduleDir, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(moduleDir, file)
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			return skipDir(file, name)
		case filepath.Ext(name) != ".go":
			return nil
		}
		s, err := parse(fset, moduleDir, filepath.ToSlash(name), nil)
		all = append(all, s)
		return err
	})
	is.NoErr(err)           // every file of the module can be read and parsed
	is.True(len(all) >= 10) // the walk has found the module
	return all
}

// skipDir tells the walk which directories the go command would not look into either.
func skipDir(dir, name string) error {
	if name == "." {
		return nil
	}
	base := filepath.Base(name)
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	if err == nil || base == "testdata" || base[0] == '.' || base[0] == '_' {
		return filepath.SkipDir
	}
	return nil
}
