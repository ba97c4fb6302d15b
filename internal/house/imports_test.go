package house

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/matryer/is"
)

// areas lists, for each part of the module, the parts it may import. A package belongs to the area with the longest
// matching name; within an area packages import each other as they like.
var areas = map[string][]string{
	"internal/headroom":  {},
	"internal/printable": {},
	"transport/wire":     {},
	"transport":          {"transport/wire", "internal/headroom"},
	"handler":            {"transport/wire", "internal/printable"},
	"service":            {"transport/wire", "internal/printable", "internal/timed", "transport", "handler"},
	"web":                {"transport/wire", "internal/printable", "internal/timed", "transport", "handler", "service"},
	"config":             {"transport/wire", "internal/printable", "transport", "handler", "service"},
	"pool":               {"transport/wire", "internal/printable", "transport", "handler", "service"},
	"cmd":                {"transport/wire", "internal/printable", "transport", "handler", "service", "web", "config", "pool"},
	"demos":              {"transport/wire", "internal/printable", "internal/timed", "transport", "handler", "service", "web", "config", "pool"},
	"docs":               {"transport/wire", "internal/printable", "transport", "handler", "service", "web", "config", "pool"},
	"internal/house":     {},
	"internal/timed":     {},
	"internal/soak":      {"transport/wire", "transport", "handler", "service"},
}

// homes lists, for each third-party module with a home, the areas that may import it.
var homes = []struct {
	module, name string
	areas        []string
	allowed      func(pkg string, test bool) bool // narrows areas further; nil does not
}{
	{module: "github.com/go-zeromq/zmq4", name: "zmq4", areas: []string{"transport"},
		allowed: func(pkg string, test bool) bool { return test || pkg == "transport" }},
	{module: "github.com/vmihailenco/msgpack", name: "msgpack", areas: []string{"transport/wire"}},
	{module: "github.com/go-chi/chi", name: "chi", areas: []string{"handler", "web", "cmd", "demos", "docs"}},
	{module: "github.com/oklog/run", name: "oklog/run", areas: []string{"cmd", "demos"}},
}

// areaOf names the area of a package, given its path below the module; "" means that it has none.
func areaOf(pkg string) string {
	for p := pkg; p != "."; p = path.Dir(p) {
		if _, ok := areas[p]; ok {
			return p
		}
	}
	return ""
}

// within reports whether the import path lies in the module, whatever its major version.
func within(imported, module string) bool {
	return imported == module || strings.HasPrefix(imported, module+"/")
}

// checkImport says what is wrong with pkg, a path below the module, importing another package; "" means nothing.
// test tells that the import stands in a _test.go file.
func checkImport(pkg, imported string, test bool) string {
	from := areaOf(pkg)
	if from == "" {
		return fmt.Sprintf("%s is in no area of the house: give it a place in the table", pkg)
	}
	if inner, ok := strings.CutPrefix(imported, modulePath+"/"); ok {
		to := areaOf(inner)
		switch {
		case to != from && !slices.Contains(areas[from], to):
			return fmt.Sprintf("%s imports %s: %s may import only %v", pkg, inner, from, areas[from])
		case to == "internal/timed" && to != from && !test:
			return fmt.Sprintf("%s imports %s outside of its tests", pkg, inner)
		}
		return ""
	}
	for _, h := range homes {
		if !within(imported, h.module) {
			continue
		}
		if !slices.Contains(h.areas, from) || h.allowed != nil && !h.allowed(pkg, test) {
			return fmt.Sprintf("%s imports %s, which lives only in %v", pkg, h.name, h.areas)
		}
	}
	return ""
}

func TestImportsPointOneWay(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	met := map[string]bool{} // modules with a home that somebody imports
	for _, f := range sources(t) {
		for _, imported := range f.imports() {
			for _, h := range homes {
				met[h.module] = met[h.module] || within(imported, h.module)
			}
			if wrong := checkImport(f.pkg, imported, f.test); wrong != "" {
				t.Errorf("%s: %s", f.name, wrong)
			}
		}
	}
	for _, h := range homes {
		is.True(met[h.module]) // every module in the table is in use, or the check looks at nothing
	}
}

func TestImportCheckFindsViolations(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pkg, imported string
		test, ok      bool
	}{
		{pkg: "transport/wire", imported: "github.com/vmihailenco/msgpack/v5", ok: true},
		{pkg: "transport/wire", imported: "quartet/transport"},
		{pkg: "transport/wire", imported: "quartet/handler"},
		{pkg: "transport", imported: "quartet/transport/wire", ok: true},
		{pkg: "transport", imported: "quartet/handler"},
		{pkg: "transport", imported: "quartet/transport/transporttest", test: true, ok: true},
		{pkg: "transport/transporttest", imported: "quartet/transport", ok: true},
		{pkg: "handler", imported: "quartet/transport/wire", ok: true},
		{pkg: "handler", imported: "quartet/transport"},
		{pkg: "handler", imported: "quartet/transport", test: true},
		{pkg: "handler/middleware", imported: "quartet/handler", ok: true},
		{pkg: "handler/middleware", imported: "quartet/internal/printable", ok: true},
		{pkg: "handler/middleware", imported: "quartet/service"},
		{pkg: "internal/printable", imported: "quartet/handler"},
		{pkg: "transport/wire", imported: "quartet/internal/printable"},
		{pkg: "service", imported: "quartet/transport", ok: true},
		{pkg: "service", imported: "quartet/web"},
		{pkg: "service", imported: "quartet/internal/timed"},
		{pkg: "service", imported: "quartet/internal/timed", test: true, ok: true},
		{pkg: "service/servicetest", imported: "quartet/service", ok: true},
		{pkg: "service/servicetest", imported: "quartet/transport/transporttest", ok: true},
		{pkg: "web", imported: "quartet/service", ok: true},
		{pkg: "web", imported: "quartet/pool"},
		{pkg: "web", imported: "quartet/demos/app"},
		{pkg: "demos/app", imported: "quartet/web", ok: true},
		{pkg: "demos/app", imported: "quartet/cmd/quartet"},
		{pkg: "cmd/quartet", imported: "quartet/demos/internal/slow"},
		{pkg: "elsewhere", imported: "fmt"},
		{pkg: "internal/other", imported: "fmt"},
		{pkg: "service", imported: "quartet/elsewhere"},
		{pkg: "transport", imported: "github.com/go-zeromq/zmq4", ok: true},
		{pkg: "transport/transporttest", imported: "github.com/go-zeromq/zmq4"},
		{pkg: "transport/transporttest", imported: "github.com/go-zeromq/zmq4", test: true, ok: true},
		{pkg: "transport/wire", imported: "github.com/go-zeromq/zmq4"},
		{pkg: "service", imported: "github.com/go-zeromq/zmq4", test: true},
		{pkg: "service", imported: "github.com/go-zeromq/zmq4/security/plain"},
		{pkg: "handler", imported: "github.com/vmihailenco/msgpack/v5"},
		{pkg: "handler", imported: "github.com/go-chi/chi/v5", ok: true},
		{pkg: "service", imported: "github.com/go-chi/chi/v5"},
		{pkg: "demos/app", imported: "github.com/oklog/run", ok: true},
		{pkg: "service", imported: "github.com/oklog/run"},
		{pkg: "service", imported: "github.com/oklog/runner", ok: true},
	} {
		t.Run(c.pkg+" "+path.Base(c.imported), func(t *testing.T) {
			is := is.New(t)
			wrong := checkImport(c.pkg, c.imported, c.test)
			is.Equal(wrong == "", c.ok) // allowed exactly when the table says so
		})
	}
}
