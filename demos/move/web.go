package main

import (
	"context"
	_ "embed" // the page shows the lines of this file
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/oklog/run"

	"quartet/demos/internal/children"
	"quartet/demos/internal/demo"
	"quartet/service"
	"quartet/web"
)

// stays is the route in the web process.
func stays(r chi.Router, render http.Handler) {
	r.Mount("/render", render)
}

// moves is the same route, moved to the instances of a service. Its one line is the whole difference.
func moves(r chi.Router, client service.Caller) {
	r.Mount("/render", web.Offload(client, "render"))
}

//go:embed web.go
var source string

// lines are the two above, as they are compiled.
var lines = regexp.MustCompile(`(?m)^\tr\.Mount\("/render", .+\)$`).FindAllString(source, -1)

// router serves the light page, and the heavy route wherever it is.
func router(heavy func(chi.Router)) http.Handler {
	r := chi.NewRouter()
	r.Use(servedBy)
	r.Get("/", light)
	heavy(r)
	return r
}

// limited draws no more pictures at a time than there are processors, if it shall; the rest wait.
func limited(render http.Handler, limit bool) http.Handler {
	if !limit {
		return render
	}
	return middleware.ThrottleBacklog(runtime.NumCPU(), maxPictures, time.Minute)(render)
}

// servedBy tells which process answers the browser.
func servedBy(next http.Handler) http.Handler {
	pid := strconv.Itoa(os.Getpid())
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Served-By", pid)
		next.ServeHTTP(w, r)
	})
}

// light is a page that takes no time, and should not have to wait.
func light(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = io.WriteString(w, "<!doctype html>\n<title>Light</title>\n<p>A light page. The heavy one is <a href=\"render\">render</a>.\n")
}

// serveWeb is a web process, a child: before or after the move.
func serveWeb(o options, stderr io.Writer) error {
	signals := demo.ListenForSignals()
	log := demo.Logger("move/"+o.serve, stderr)
	listener, err := net.FileListener(os.NewFile(children.FirstFile, "listener"))
	if err != nil {
		return err
	}
	defer listener.Close()
	if o.serve == before {
		return runWeb(router(func(r chi.Router) { stays(r, limited(render, o.limit)) }), listener, signals, log)
	}

	secret, err := children.Secret()
	if err != nil {
		return err
	}
	client := service.NewClient(service.WithSecret(secret), service.WithLogger(children.Quiet(log)))
	defer client.Close()
	if err := client.Register(renderer, []service.Addr{children.Sockets(o.sockets).Addr(renderer)}); err != nil {
		return err
	}
	err = runWeb(router(func(r chi.Router) { moves(r, client) }), listener, signals, log)
	ctx, cancel := context.WithTimeout(context.Background(), demo.Grace)
	defer cancel()
	_ = client.Shutdown(ctx) // its calls were those of the pages, which are done
	return err
}

func runWeb(pages http.Handler, listener net.Listener, signals *demo.Signals, log *slog.Logger) error {
	log.Info("serving", "url", demo.URL(listener), "pid", os.Getpid())
	var group run.Group
	group.Add(demo.Serve(pages, listener, func(context.Context) {}, log))
	group.Add(children.Parent(log))
	group.Add(signals.Execute, signals.Interrupt)
	return group.Run()
}
