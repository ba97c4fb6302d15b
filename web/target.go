package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-chi/chi/v5"

	"quartet/handler"
)

// targetPath is the escaped path. It stays as the client wrote it, so that %2F is no slash on the other side either; only
// what a path may not have is escaped, which URL.EscapedPath does at the price of such differences.
func targetPath(u *url.URL) string {
	path := u.EscapedPath()
	if plain, err := url.PathUnescape(u.RawPath); err == nil && u.RawPath != "" && plain == u.Path {
		path = escapeOdd(u.RawPath)
	}
	if !strings.HasPrefix(path, "/") { // http.StripPrefix("/a/", …) and its like leave such a path
		path = "/" + path
	}
	return path
}

func escapeOdd(path string) string {
	if strings.IndexFunc(path, odd) < 0 {
		return path
	}
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(path) {
		if c := path[i]; odd(rune(c)) {
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// odd tells what RFC 3986 does not allow in a path. As in net/url, square brackets are left alone.
func odd(c rune) bool {
	letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
	return !letter && !strings.ContainsRune("/%-._~!$&'()*+,;=:@[]", c)
}

// addRoute adds what chi's routers have found out so far: the METHOD and the rest of the path that the next one goes by,
// and the parameters. A router that was mounted in another one needs it wherever it runs. It is about this path: see
// withRoute.
func (f *fields) addRoute(r *http.Request, path string) {
	route := chi.RouteContext(r.Context())
	if route == nil {
		return
	}
	method := route.RouteMethod
	if method == r.Method {
		method = ""
	}
	values := []string{url.QueryEscape(method) + " " + url.QueryEscape(route.RoutePath)}
	for i, name := range route.URLParams.Keys {
		values = append(values, url.QueryEscape(name)+"="+url.QueryEscape(route.URLParams.Values[i]))
	}
	if len(values) > 1 || values[0] != " " {
		f.add(routeField, values, blankControl)
		f.values[routeField][0] += " " + fingerprint(path)
	}
}

// withRoute is the way back of addRoute: req as h shall see it. Where the request was forwarded to another path, what
// routers found out about the old one says nothing, and must not choose the route.
func withRoute(req *http.Request, r *handler.Request, h http.Handler) *http.Request {
	values := r.Header[routeField]
	if len(values) == 0 {
		return req
	}
	method, rest, _ := strings.Cut(values[0], " ")
	path, of, _ := strings.Cut(rest, " ")
	if of != fingerprint(r.Path) {
		return req
	}
	route := chi.NewRouteContext()
	route.Routes, _ = h.(chi.Routes)
	if route.Routes == nil {
		route.Routes = chi.NewRouter() // some of chi's middlewares ask it
	}
	route.RouteMethod, route.RoutePath = unescape(method), unescape(path)
	for _, v := range values[1:] {
		name, value, _ := strings.Cut(v, "=")
		name, value = unescape(name), unescape(value)
		route.URLParams.Add(name, value)
		req.SetPathValue(name, value)
	}
	return req.WithContext(context.WithValue(req.Context(), chi.RouteCtxKey, route))
}

// fingerprint tells paths apart in less room than the longest takes.
func fingerprint(path string) string {
	sum := sha256.Sum256([]byte(path))
	return hex.EncodeToString(sum[:16])
}

// unescape gives what it cannot read back as it is: Offload has not sent it.
func unescape(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}
