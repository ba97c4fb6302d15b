// Package page is what the one-page demos have around their page: style sheet, icon, head and foot, and headers that
// let a browser load nothing from anywhere else.
package page

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"time"
)

//go:embed assets layout.html
var files embed.FS

var layout = template.Must(template.ParseFS(files, "layout.html"))

// Head is what the shared head and foot show; the data of a page embeds it.
type Head struct {
	Program string // what runs
	Title   string // of the page
	Style   string // file name of the page's own style sheet, if it has one
	Script  string // and of its script
}

// Templates parses a demo's own templates. They may call "head" and "foot" with their data.
func Templates(fsys fs.FS, pattern string) *template.Template {
	return template.Must(template.Must(layout.Clone()).ParseFS(fsys, pattern))
}

// Around serves pages, the shared assets, those of own, by file name, and /healthz. A form of another site that posts
// here is refused.
func Around(pages http.Handler, own fs.FS) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", pages)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	serveAssets(mux, files, "assets/*")
	if own != nil {
		serveAssets(mux, own, "*/*.css")
		serveAssets(mux, own, "*/*.js")
	}
	return secure(http.NewCrossOriginProtection().Handler(mux))
}

// serveAssets registers what matches. A pattern and embedded files that do not fit are mistakes in the source.
func serveAssets(mux *http.ServeMux, fsys fs.FS, pattern string) {
	names, err := fs.Glob(fsys, pattern)
	if err != nil {
		panic(err)
	}
	for _, name := range names {
		body, err := fs.ReadFile(fsys, name)
		if err != nil {
			panic(err)
		}
		mux.Handle("GET /assets/"+path.Base(name), asset(path.Base(name), body))
	}
}

// asset serves a file. A browser asks each time whether it changed, which costs a 304 without a body.
func asset(name string, body []byte) http.Handler {
	sum := sha256.Sum256(body)
	etag := `"` + hex.EncodeToString(sum[:8]) + `"`
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Etag", etag)
		w.Header().Set("Cache-Control", "no-cache")
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(body))
	})
}

// secure sets the headers that every answer has.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "+
			"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}
