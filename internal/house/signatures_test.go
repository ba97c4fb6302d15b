package house

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/matryer/is"
)

// hidden are the modules whose types no exported signature may show: they can then be replaced without breaking anyone.
var hidden = []string{"github.com/go-zeromq/zmq4", "github.com/vmihailenco/msgpack", "github.com/go-chi/chi"}

// leaks lists where the exported names of a package show a type of a hidden module.
func leaks(pkg *types.Package) []string {
	var found []string
	show := func(where string, t types.Type) {
		text := types.TypeString(t, nil) // every type in it by its full import path
		if slices.ContainsFunc(hidden, func(module string) bool { return strings.Contains(text, module) }) {
			found = append(found, where+" shows "+text)
		}
	}
	for _, name := range pkg.Scope().Names() {
		obj := pkg.Scope().Lookup(name)
		if !obj.Exported() {
			continue
		}
		if _, ok := obj.(*types.TypeName); ok {
			showType(pkg.Name()+"."+name, obj.Type(), show)
		} else {
			show(pkg.Name()+"."+name, obj.Type())
		}
	}
	return found
}

// showType shows what an exported type lets others see: its exported fields and methods, those that embedding lends it
// among them, its type parameters, and what it is when it is no struct.
func showType(where string, t types.Type, show func(string, types.Type)) {
	if alias, ok := t.(*types.Alias); ok {
		show(where, alias.Rhs())
	}
	if named, ok := types.Unalias(t).(*types.Named); ok {
		for p := range named.TypeParams().TypeParams() {
			show(where, p.Constraint())
		}
	}
	if s, ok := t.Underlying().(*types.Struct); ok {
		showFields(where, s, show)
	} else {
		show(where, t.Underlying())
	}
	if !types.IsInterface(t) {
		t = types.NewPointer(t)
	}
	for m := range types.NewMethodSet(t).Methods() {
		if m.Obj().Exported() {
			show(where+"."+m.Obj().Name(), m.Type())
		}
	}
}

// showFields shows the exported fields of a struct, and those of the hidden structs it embeds by value.
func showFields(where string, s *types.Struct, show func(string, types.Type)) {
	for f := range s.Fields() {
		inner, isStruct := f.Type().Underlying().(*types.Struct)
		switch {
		case f.Exported():
			show(where+"."+f.Name(), f.Type())
		case f.Embedded() && isStruct:
			showFields(where, inner, show)
		}
	}
}

// compiled reads what the compiler has exported for every package of the module.
func compiled(t *testing.T) []*types.Package {
	t.Helper()
	is := is.New(t)
	cmd := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Export", "./...")
	cmd.Dir = moduleDir
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	is.NoErr(err)
	is.NoErr(cmd.Start())
	exports := map[string]string{}
	var own []string
	for dec := json.NewDecoder(out); ; {
		var p struct{ ImportPath, Export string }
		if err = dec.Decode(&p); err != nil {
			break
		}
		exports[p.ImportPath] = p.Export
		if strings.HasPrefix(p.ImportPath, modulePath+"/") && p.Export != "" {
			own = append(own, p.ImportPath)
		}
	}
	is.True(errors.Is(err, io.EOF)) // go list answers in JSON to its end
	is.NoErr(cmd.Wait())            // every package of the module compiles
	imp := importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(exports[path])
	})
	var pkgs []*types.Package
	for _, path := range own {
		pkg, err := imp.Import(path)
		is.NoErr(err) // the compiler's export data can be read
		pkgs = append(pkgs, pkg)
	}
	return pkgs
}

func TestNoSignatureShowsAHiddenModule(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	pkgs := compiled(t)
	is.True(len(pkgs) >= 5) // the packages of the module have been found
	for _, pkg := range pkgs {
		for _, leak := range leaks(pkg) {
			t.Error(leak)
		}
	}
}

// fakes stands in for the hidden modules while the sample is checked.
type fakes struct{}

func (fakes) Import(path string) (*types.Package, error) {
	const text = "package %s\n\ntype Msg struct{ Frames [][]byte }\n\ntype Doer interface{ Do(Msg) }\n"
	name := map[string]string{"github.com/go-zeromq/zmq4": "zmq4", "github.com/go-chi/chi/v5": "chi"}[path]
	if name == "" {
		return nil, fmt.Errorf("the sample does not know %s", path)
	}
	return checkTypes(path, fmt.Sprintf(text, name))
}

// checkTypes type-checks the text of a package of one file.
func checkTypes(path, text string) (*types.Package, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "sample.go", text, 0)
	if err != nil {
		return nil, err
	}
	conf := types.Config{Importer: fakes{}}
	return conf.Check(path, fset, []*ast.File{file}, nil)
}

func TestSignatureCheckFindsLeaks(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	pkg, err := checkTypes("quartet/sample", `package sample

import (
	"github.com/go-chi/chi/v5"
	"github.com/go-zeromq/zmq4"
)

func Parameter(map[string][]*zmq4.Msg) {}
func Result() (func() chi.Doer, error) { return nil, nil }
func Constrained[T chi.Doer]()         {}
func Fine(Opaque) *Opaque              { return nil }

var Inferred = zmq4.Msg{}

type Alias = zmq4.Msg
type Defined zmq4.Msg
type Func func(zmq4.Msg)
type Iface interface{ Do(zmq4.Msg) }
type Params[T zmq4.Doer] struct{}
type Opaque struct{ msg zmq4.Msg }
type Open struct{ Msg zmq4.Msg }
type Embeds struct{ zmq4.Msg }
type Inherits struct{ inner }
type Lends struct{ *lender }

func (*Opaque) Leaking(chi.Doer) {}
func (*Opaque) quiet(chi.Doer)   {}

type inner struct{ Msg zmq4.Msg }
type lender struct{}

func (*lender) Lent() zmq4.Msg { return zmq4.Msg{} }
func hides(zmq4.Msg)           {}
`)
	is.NoErr(err) // the sample type-checks
	var where []string
	for _, leak := range leaks(pkg) {
		at, _, _ := strings.Cut(leak, " ")
		where = append(where, strings.TrimPrefix(at, "sample."))
	}
	slices.Sort(where)
	where = slices.Compact(where)
	is.Equal(where, []string{"Alias", "Constrained", "Embeds.Msg", "Func", "Iface", "Iface.Do", "Inferred", "Inherits.Msg",
		"Lends.Lent", "Opaque.Leaking", "Open.Msg", "Parameter", "Params", "Result"}) // each leak, and no quiet use
}
