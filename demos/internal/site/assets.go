package site

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"net/http"
	"time"
)

//go:embed assets pages
var files embed.FS

var pages = template.Must(template.New("").Funcs(template.FuncMap{"took": took}).ParseFS(files, "pages/*.html"))

// assets are the style sheet, the script and the icon, by file name.
var assets = map[string]http.Handler{
	"site.css": asset("site.css"),
	"site.js":  asset("site.js"),
	"icon.svg": asset("icon.svg"),
}

// asset serves an embedded file. A browser asks each time whether it changed, which costs a 304 without a body.
func asset(name string) http.Handler {
	body, err := files.ReadFile("assets/" + name)
	if err != nil {
		panic(err)
	}
	sum := sha256.Sum256(body)
	etag := `"` + hex.EncodeToString(sum[:8]) + `"`
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Etag", etag)
		w.Header().Set("Cache-Control", "no-cache")
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(body))
	})
}

// took shows a duration as people read it: 3.2 ms, 1.004 s.
func took(d time.Duration) string {
	if d < time.Second {
		return number(d, time.Millisecond) + " ms"
	}
	return number(d, time.Second) + " s"
}
