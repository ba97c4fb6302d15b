package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/go-chi/chi/v5"

	"quartet/handler"
	"quartet/service"
	"quartet/web"
)

// connect starts an instance of a service and a client of it. In life they are two processes with a secret in common.
func connect(name string, h handler.Handler) (client *service.Client, end func()) {
	addr := service.Addr{Requests: "inproc://example/" + name, Responses: "inproc://example/" + name + "_response"}
	server := service.NewServer(name, h)
	served := make(chan error)
	go func() { served <- server.Serve(addr) }()
	client = service.NewClient()
	if err := client.Register(name, []service.Addr{addr}); err != nil {
		panic(err)
	}
	return client, func() {
		client.Shutdown(context.Background())
		server.Shutdown(context.Background())
		<-served
	}
}

// show prints what a browser gets.
func show(h http.Handler, method, target string) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, target, nil))
	fmt.Print(w.Code, " ", w.Body)
}

// A router with all its routes moves to another process, and the site changes by one line.
func ExampleOffload() {
	reports := chi.NewRouter()
	reports.Get("/{id}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "report", chi.URLParam(r, "id"), "page", r.FormValue("page"))
	})
	client, end := connect("reports", web.Serve(reports)) // this is the other process
	defer end()

	site := chi.NewRouter()
	site.Mount("/reports", web.Offload(client, "reports")) // it was: site.Mount("/reports", reports)
	show(site, "GET", "/reports/7?page=3")
	show(site, "DELETE", "/reports/7")
	// Output:
	// 200 report 7 page 3
	// 405
}

// What serves HTTP serves requests of other services as well.
func ExampleServe() {
	clock := http.NewServeMux()
	clock.HandleFunc("GET /noon/{zone}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=60")
		fmt.Fprint(w, "12:00 ", r.PathValue("zone"))
	})
	client, end := connect("clock", web.Serve(clock)) // service.NewServer("clock", web.Serve(clock))
	defer end()

	reply, err := client.Call(context.Background(), "clock", &handler.Request{Path: "/noon/CET", Method: handler.MethodGet})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(reply.Code(), reply.HeaderValue("cache-control"), reply.Text())
	// Output: 200 max-age=60 12:00 CET
}

// A page that is not worth doing here gives its request up. Whatever the service answers is the page.
func ExampleForward() {
	client, end := connect("thumbs", handler.Func(func(_ context.Context, r *handler.Request) (*handler.Response, error) {
		if r.Path == "/thumbs/0" {
			return nil, handler.Errorf(http.StatusGone, "it was withdrawn")
		}
		return handler.Text("a small picture of " + r.Path + "\n"), nil
	}))
	defer end()

	site := chi.NewRouter()
	site.Get("/pictures/{id}/small", func(w http.ResponseWriter, r *http.Request) {
		web.Forward(w, r, client, "thumbs", &handler.Request{Path: "/thumbs/" + chi.URLParam(r, "id"), Method: handler.MethodGet})
	})
	show(site, "GET", "/pictures/7/small")
	show(site, "GET", "/pictures/0/small")
	// Output:
	// 200 a small picture of /thumbs/7
	// 410 {"status":410,"error":"Gone","reason":"it was withdrawn"}
}

// A handler that is not HTTP's can serve offloaded requests, too.
func ExampleQuery() {
	client, end := connect("search", handler.Func(func(_ context.Context, r *handler.Request) (*handler.Response, error) {
		return handler.Text(r.Method + " " + r.Path + " " + web.Query(r).Get("q") + "\n"), nil
	}))
	defer end()

	show(web.Offload(client, "search"), "GET", "/find?q=a+b")
	// Output: 200 get /find a b
}
