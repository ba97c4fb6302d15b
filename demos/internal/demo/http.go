package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"syscall"
	"time"

	"quartet/demos/internal/slow"
)

// Grace is how long a process that was told to stop waits for what it has begun.
const Grace = 10 * time.Second

// Listen opens the web port. That it is taken happens to everyone who runs a demo twice, so the error says what to do.
func Listen(addr string) (net.Listener, error) {
	listener, err := net.Listen("tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("the web address %s is in use: stop what holds it, or choose another, such as "+
			"-http 127.0.0.1:0 for any free port", addr)
	}
	if err != nil {
		return nil, fmt.Errorf("-http: %w", err)
	}
	return listener, nil
}

// URL is where a browser finds the listener.
func URL(listener net.Listener) string {
	host, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		return "http://" + listener.Addr().String() + "/"
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() { // all of this machine's addresses; one will do
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port) + "/"
}

// Serve is the actor that serves the pages on the listener. When it is told to stop it drains first, while new visitors
// still hear that the site is leaving, then closes the listener; both have the grace time together.
func Serve(pages http.Handler, listener net.Listener, drain func(context.Context), log *slog.Logger) (execute func() error, interrupt func(error)) {
	server := &http.Server{
		Handler:           pages,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      slow.Deadline(slow.Own) + Grace, // runs from the request on, so it must outlast the longest call
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	return func() error { return server.Serve(listener) }, func(error) {
		ctx, cancel := context.WithTimeout(context.Background(), Grace)
		defer cancel()
		drain(ctx)
		if err := server.Shutdown(ctx); err != nil {
			log.Warn("pages were cut off", "after", Grace, "err", err)
			_ = server.Close()
		}
	}
}
