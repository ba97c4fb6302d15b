package web_test

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"
)

// seen is what a handler sees of a request. Texts are quoted, so that each byte of them counts.
type seen struct {
	Method, Proto, Host, Remote, URI string
	Scheme, Opaque, URLHost          string
	Path, RawPath, RawQuery          string
	ForceQuery                       bool
	Header                           map[string][]string
	Length                           int64
	Encoding                         []string
	TLS                              string
	Body                             string
	BodyErr                          bool
	Trailer                          int
}

// look notes everything that the tests compare.
func look(r *http.Request) seen {
	u := r.URL
	s := seen{
		Method: q(r.Method), Proto: q(r.Proto), Host: q(r.Host), Remote: r.RemoteAddr, URI: q(r.RequestURI),
		Scheme: q(u.Scheme), Opaque: q(u.Opaque), URLHost: q(u.Host),
		Path: q(u.Path), RawPath: q(u.RawPath), RawQuery: q(u.RawQuery), ForceQuery: u.ForceQuery,
		Header: map[string][]string{}, Length: r.ContentLength, Encoding: r.TransferEncoding,
	}
	for name, values := range r.Header {
		for _, v := range values {
			s.Header[q(name)] = append(s.Header[q(name)], q(v))
		}
	}
	if r.TLS != nil {
		s.TLS = "server " + r.TLS.ServerName
	}
	var err error
	s.Body, err = digest(r.Body)
	s.BodyErr, s.Trailer = err != nil, len(r.Trailer)
	return s
}

// q quotes a text in ASCII; short, because JSON quotes it once more.
func q(s string) string {
	quoted := strconv.QuoteToASCII(s)
	return quoted[1 : len(quoted)-1]
}

// digest reads a body, quotes it where it is short and gives length and checksum where it is long.
func digest(body io.Reader) (string, error) {
	var short strings.Builder
	n, err := io.CopyN(&short, body, 65)
	if err == io.EOF {
		return q(short.String()), nil
	}
	sum := sha256.New()
	_, _ = io.WriteString(sum, short.String())
	more, rest := io.Copy(sum, body)
	return fmt.Sprintf("%d bytes %x", n+more, sum.Sum(nil)), errors.Join(err, rest)
}

// echo answers with what it sees.
func echo(w http.ResponseWriter, r *http.Request) {
	out, err := json.Marshal(look(r))
	if err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(out)))
	_, _ = w.Write(out)
}

// newApp is the chi app that all exchanges go to: each that brings a handler has it at its own path, and what is not
// below /x/ is echoed, whatever METHOD and path it has.
func newApp(exchanges []exchange) http.Handler {
	app := chi.NewRouter()
	app.Use(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/x/") {
				next.ServeHTTP(w, r)
			} else {
				echo(w, r)
			}
		})
	})
	for i, x := range exchanges {
		if x.serve != nil {
			app.HandleFunc(x.path(i), x.serve)
		}
	}
	app.Get("/x/param/{id}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%q %q %q", chi.URLParam(r, "id"), r.PathValue("id"), chi.RouteContext(r.Context()).RoutePattern())
	})
	app.Post("/x/param/{id}", echo)
	return app
}
