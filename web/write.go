package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
)

// HTML runs the named template of t and writes its output with the given status. The output is collected first: when
// the template fails nothing has been written, the error is returned, and the page can still answer with [Error].
func HTML(w http.ResponseWriter, r *http.Request, status int, t *template.Template, name string, data any) error {
	var out bytes.Buffer
	if err := t.ExecuteTemplate(&out, name, data); err != nil {
		return fmt.Errorf("web: template %s: %w", name, err)
	}
	write(w, r, status, "text/html; charset=utf-8", out.Bytes())
	return nil
}

// JSON writes v as JSON with the given status. As with [HTML], a value that cannot be encoded writes nothing.
func JSON(w http.ResponseWriter, r *http.Request, status int, v any) error {
	out, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("web: JSON: %w", err)
	}
	write(w, r, status, "application/json", append(out, '\n'))
	return nil
}

// write sends a whole body, and for HEAD everything but the body. nosniff keeps a browser from taking one type for
// another. A client that has gone is nobody's error, so what Write says is not looked at.
func write(w http.ResponseWriter, r *http.Request, status int, contentType string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
}
