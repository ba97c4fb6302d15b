package web

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"strings"
)

// Error answers the request with what err means in HTTP. What a service answered keeps its status; the outcomes that
// were made on this side become
//
//	unavailable, rejected, closed   503 with Retry-After (rejected as forbidden 403, as expired 504)
//	timeout, any other deadline     504
//	lost                            502
//	too large                       413
//	too many services in a row      508
//	canceled                        499 when the client has gone (nobody reads it, an access log does), else 500
//	unknown service, invalid        500
//
// A *handler.Error that a page made itself keeps its status and reason too. Every other error is a 500 whose text stays
// hidden, because it may tell a stranger how the house is built: log it where it happened.
//
// The format follows Accept: JSON, a small HTML page, or plain text, JSON where the client does not say. The reason is
// shown without control characters and, in HTML, escaped. Of an error's own header only Retry-After, Allow,
// WWW-Authenticate and Content-Language get through. Nothing may have been written before, and nothing should be after.
func Error(w http.ResponseWriter, r *http.Request, err error) {
	f := explain(r, err)
	forgetAnswer(w.Header())
	copyAllowed(w.Header(), f.header)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Add("Vary", "Accept")
	switch Accepts(r, "application/json", "text/html", "text/plain") {
	case "application/json":
		err = JSON(w, r, f.Status, f)
	case "text/html":
		w.Header().Set("Content-Security-Policy", errorPolicy)
		err = HTML(w, r, f.Status, errorPage, "error", f)
	default:
		write(w, r, f.Status, "text/plain; charset=utf-8", []byte(f.text()))
		return
	}
	if err != nil { // three plain fields cannot fail to render; if they do, it is a mistake in this package
		panic(err)
	}
}

// text is the failure for people who read a terminal.
func (f failure) text() string {
	if f.Reason == "" {
		return f.Title + "\n"
	}
	return f.Title + ": " + f.Reason + "\n"
}

var (
	//go:embed error.css
	errorStyle string
	//go:embed error.html
	errorSource string

	errorPage = template.Must(template.New("error").Funcs(template.FuncMap{
		"style": func() template.CSS { return template.CSS(errorStyle) },
	}).Parse(errorSource))

	// errorPolicy replaces the site's own policy, which seldom allows a style inside the page: here exactly this one is.
	errorPolicy = "default-src 'none'; style-src 'sha256-" + digest(errorStyle) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// forgetAnswer drops what a page had said about the answer that it will now not give.
func forgetAnswer(h http.Header) {
	for name := range h {
		if strings.HasPrefix(name, "Content-") && name != "Content-Security-Policy" {
			delete(h, name)
		}
	}
	for _, name := range []string{"Etag", "Last-Modified", "Expires", "Accept-Ranges"} {
		delete(h, name)
	}
}
