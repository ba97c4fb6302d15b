package web_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/go-chi/cors"
	"github.com/matryer/is"
)

type wrapper = func(http.Handler) http.Handler

// shop is an app for middlewares to stand around.
func shop() http.Handler {
	shop := chi.NewRouter()
	shop.HandleFunc("/", answering(0, "<p>hi"))
	shop.Get("/long", answering(0, letters(20_000), "Content-Type", "text/html", "Vary", "Cookie"))
	shop.Get("/image", answering(0, letters(20_000), "Content-Type", "image/png"))
	shop.Get("/packed", answering(0, "\x1f\x8b", "Content-Type", "text/html", "Content-Encoding", "gzip"))
	shop.Get("/none", answering(204, ""))
	shop.Get("/error", answering(500, "oh"))
	shop.Get("/client", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.RemoteAddr) })
	shop.Get("/panic", func(http.ResponseWriter, *http.Request) { panic("oh") })
	shop.Get("/slow", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	shop.Post("/form", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.FormValue("a")) })
	shop.Get("/slash/{id}", tell)
	return shop
}

// realIP believes whatever a client says, as chi's deprecated RealIP does.
func realIP(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if ip := r.Header.Get("X-Real-Ip"); ip != "" {
			r.RemoteAddr = ip
		}
		next.ServeHTTP(w, r)
	})
}

// around puts a middleware around h as chi users do.
func around(m wrapper, h http.Handler) http.Handler {
	router := chi.NewRouter()
	router.Use(m)
	router.Mount("/", h)
	return router
}

// unpacked is an answer in the form that middlewares must agree on: where they compress or flush is their affair.
func unpacked(t *testing.T, a reply) reply {
	wholeAnswer.change(&a)
	if a.field("Content-Encoding") != "gzip" || !strings.HasPrefix(a.body, "\x1f\x8b\x08") {
		return a
	}
	is := is.New(t)
	r, err := gzip.NewReader(strings.NewReader(a.body))
	is.NoErr(err) // gzip is what it says
	var b bytes.Buffer
	_, err = io.Copy(&b, r)
	is.NoErr(err) // all of it
	a.setBody(b.String())
	return a
}

func TestChiMiddlewaresWorkOnBothSides(t *testing.T) {
	t.Parallel()
	packed := "Accept-Encoding: gzip"
	origin := "Origin: https://example.org"
	paths := []string{get("/"), get("/long"), request("HEAD", "/long", ""), request("HEAD", "/", ""), get("/nowhere"), request("DELETE", "/long", ""),
		get("/none"), get("/error"), request("OPTIONS", "/", "")}
	for _, c := range []struct {
		name string
		m    wrapper
		send []string
	}{
		{"Compress", middleware.Compress(5), []string{get("/long", packed), get("/image", packed), get("/packed", packed), get("/none", packed)}},
		{"BasicAuth", middleware.BasicAuth("shop", map[string]string{"a": "b"}), []string{get("/", "Authorization: Basic YTpi"),
			get("/", "Authorization: Basic YTpj"), request("POST", "/form", "a=b")}},
		{"Throttle", middleware.Throttle(9), nil},
		{"Timeout", middleware.Timeout(time.Minute), nil},
		{"RealIP", realIP, []string{get("/client", "X-Real-Ip: 192.0.2.7"), get("/client", "X-Real-Ip: a\tb")}},
		{"StripSlashes", middleware.StripSlashes, []string{get("/slash/7/"), get("/slash/a%2Fb/"), get("/slash/%C3%A4//")}},
		{"RedirectSlashes", middleware.RedirectSlashes, []string{get("/slash/7/?a"), get("//example.org//")}},
		{"CleanPath", middleware.CleanPath, []string{get("//slash///7"), get("/a/../slash/./7")}},
		{"GetHead", middleware.GetHead, []string{request("HEAD", "/slash/7", ""), request("HEAD", "/form", "")}},
		{"Recoverer", middleware.Recoverer, nil},
		{"NoCache", middleware.NoCache, []string{get("/", `If-None-Match: "a"`)}},
		{"SetHeader", middleware.SetHeader("X-Frame-Options", "DENY"), nil},
		{"Heartbeat", middleware.Heartbeat("/ping"), []string{get("/ping")}},
		{"AllowContentType", middleware.AllowContentType("text/plain"), []string{request("POST", "/form", "a=b", "Content-Type: text/html")}},
		{"CORS", cors.Handler(cors.Options{AllowedOrigins: []string{"https://*.org"}, AllowCredentials: true, ExposedHeaders: []string{"X"}, MaxAge: 300}),
			[]string{get("/", origin), get("/long", origin), get("/", "Origin: https://example.net"), get("/nowhere", origin),
				request("OPTIONS", "/form", "", origin, "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: Content-Type, X"),
				request("OPTIONS", "/form", "", origin, "Access-Control-Request-Method: PUT")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, w := range []struct {
				name     string
				one, two http.Handler
			}{
				{"before Offload", around(c.m, shop()), around(c.m, offloaded(t, shop()))},
				{"inside of Serve", around(c.m, shop()), offloaded(t, around(c.m, shop()))},
				{"on both sides", around(c.m, around(c.m, shop())), around(c.m, offloaded(t, around(c.m, shop())))},
			} {
				direct, via := world{addr: listen(t, w.one)}, world{addr: listen(t, w.two)}
				for _, send := range slices.Concat(paths, c.send) {
					method, _, _ := strings.Cut(send, " ")
					if c.name == "GetHead" && w.name == "before Offload" && method == "HEAD" {
						continue // it asks which routes there are, and they are elsewhere; Offload's docs say so
					}
					want, got := unpacked(t, talk(t, direct.dial(t), send, method)[0]), unpacked(t, talk(t, via.dial(t), send, method)[0])
					if method == "HEAD" {
						want.drop("Content-Length") // net/http knows it where Offload does, and not always
						got.drop("Content-Length")
					}
					if !reflect.DeepEqual(got, want) {
						t.Errorf("%s: %.80q\n got %v\nwant %v", w.name, send, got, want)
					}
				}
			}
		})
	}
}
