package main

import (
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"

	"github.com/go-chi/chi/v5"

	"quartet/bench/child"
	"quartet/bench/peer"
)

// The page: 64 bytes at a path.
const pagePath = "/page"

var page = []byte(strings.Repeat("64 bytes make this page. Thus all", 2)[:64])

// What stands behind the page of a web process, besides the name of a peer.
const (
	behindNothing = "page"  // the handler has it
	behindProxy   = "proxy" // another web process, through httputil.ReverseProxy
)

// runWeb serves the page over HTTP.
func runWeb(j *job, parent *child.Parent) error {
	h, end, err := webHandler(j)
	if err != nil {
		return err
	}
	defer end()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	srv := &http.Server{Handler: h}
	go func() { _ = srv.Serve(ln) }() // ends with Close
	defer srv.Close()
	if err := parent.Ready("http://" + ln.Addr().String()); err != nil {
		return err
	}
	parent.AwaitEnd()
	return nil
}

func webHandler(j *job) (h http.Handler, end func(), err error) {
	switch j.Peer {
	case behindNothing:
		return routed(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(page) }), func() {}, nil
	case behindProxy:
		to, err := url.Parse(j.Addrs[0])
		return proxyTo(to), func() {}, err
	}
	p, err := peer.Named(j.Peer)
	if err != nil {
		return nil, nil, err
	}
	c, err := p.Dial(j.Setup, j.Addrs)
	if err != nil {
		return nil, nil, err
	}
	return routed(asking(c)), func() { _ = c.Close() }, nil
}

func routed(h http.HandlerFunc) http.Handler {
	r := chi.NewRouter()
	r.Get(pagePath, h)
	return r
}

// asking sends the page to a service, whose echo is the answer.
func asking(c peer.Client) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		answer, err := c.Call(r.Context(), 0, page)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		_, _ = w.Write(answer)
	}
}

// proxyTo is ReverseProxy with as many connections kept as the load has; with the default of two it would be slower.
func proxyTo(to *url.URL) http.Handler {
	kept := http.DefaultTransport.(*http.Transport).Clone()
	kept.MaxIdleConns, kept.MaxIdleConnsPerHost = 0, 1024
	return &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(to) },
		Transport: kept,
	}
}
