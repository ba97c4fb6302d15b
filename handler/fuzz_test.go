package handler_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"quartet/handler"
)

// FuzzMatcher takes routes as a peer may tell them, one a line. Nothing may panic or hang, and what is refused must be
// refused by a Mux with the same routes as well.
func FuzzMatcher(f *testing.F) {
	for _, routes := range []string{
		"get /a/{id}\n* /files/*\npost /a/{id:[0-9]+}",
		"get /{a}{b}\nget /{a", "get /{a:(((x{9}){9}){9})}", "get /{a}/{b}/{c}/{d}/x", "get //\nget /{a:}/", "* *",
	} {
		f.Add(routes, "get", "/a/1")
		f.Add(routes, "head", "//////")
	}
	f.Fuzz(func(t *testing.T, text, method, path string) {
		routes := []handler.Route{}
		for line := range strings.Lines(text) {
			method, pattern, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
			routes = append(routes, handler.Route{Method: method, Pattern: pattern})
		}
		m, err := handler.NewMatcher(routes)
		if err != nil {
			return
		}
		status, allowed := m.Match(method, path)
		if (status == 405) != (len(allowed) > 0) || !slices.IsSorted(allowed) {
			t.Fatalf("%d with %q", status, allowed)
		}
		if status != 200 && serves(routes, method, path) {
			t.Fatalf("%q: %s %q is refused with %d, but served", routes, method, path, status)
		}
	})
}

// serves reports whether a Mux of these routes has one that fits. Routes that a Mux does not take are left out.
func serves(routes []handler.Route, method, path string) bool {
	var m handler.Mux
	for _, r := range routes {
		func() {
			defer func() { _ = recover() }()
			if r.Method == handler.AnyMethod {
				m.Handle(r.Pattern, says("x"))
				return
			}
			m.Method(r.Method, r.Pattern, says("x"))
		}()
	}
	_, err := m.Serve(context.Background(), &handler.Request{Method: method, Path: path})
	return err == nil
}

// FuzzMuxPattern registers any pattern: a panic names the package, and with it no path may panic.
func FuzzMuxPattern(f *testing.F) {
	for _, pattern := range []string{"/a/{id}", "/{a:[0-9]{2}}/x", "/*", "/{a}-{b}.txt", "/{", "/}{a}", "/{a:\\}}", "/x{a:}/{b}"} {
		f.Add(pattern, "/a/1")
		f.Add(pattern, "//")
	}
	f.Fuzz(func(t *testing.T, pattern, path string) {
		var m handler.Mux
		text := panicOf(t, func() { m.Method("get", pattern, says("x")) })
		if text != "" {
			if !strings.HasPrefix(text, "handler: ") {
				t.Fatalf("the panic %q is not ours", text)
			}
			return
		}
		r := &handler.Request{Method: "get", Path: path}
		resp, err := m.Serve(context.Background(), r)
		if (resp == nil) == (err == nil) {
			t.Fatal("neither or both")
		}
		if err == nil && !strings.ContainsAny(pattern, "{*") && path != "" && pattern != path {
			t.Fatalf("%q fits %q", pattern, path)
		}
	})
}
