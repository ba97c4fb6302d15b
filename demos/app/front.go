package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"quartet/demos/internal/demo"
	"quartet/demos/internal/site"
	"quartet/service"
	"quartet/web"
)

// behind is the actor that serves the pages behind a front door, as the service "app".
type behind struct {
	server  *service.Server
	addr    service.Addr
	log     *slog.Logger
	drained chan struct{} // closed when every page is answered
}

// newBehind lets one front door wait for as many pages as run at a time: each may sleep for a minute, and costs next to
// nothing while it does.
func newBehind(pages http.Handler, mesh *demo.Mesh, addr service.Addr, secret service.Secret, log *slog.Logger) *behind {
	server := service.NewServer(site.Service, web.Serve(pages),
		service.WithSecret(secret), service.WithLogger(log), service.WithTLS(&mesh.TLS),
		service.WithWindow(service.DefaultConcurrency, service.DefaultWindowBytes))
	return &behind{server, addr, log, make(chan struct{})}
}

// execute serves until the last page is answered.
func (b *behind) execute() error {
	b.log.Info("serving", "service", site.Service, "requests", b.addr.Requests, "responses", b.addr.Responses)
	err := b.server.Serve(b.addr)
	if errors.Is(err, service.ErrClosed) {
		<-b.drained
	}
	return err
}

// interrupt says bye to the front doors, which send their next requests elsewhere, and answers what it has. It does not
// wait, so that the other door is closed in the same time.
func (b *behind) interrupt(error) {
	go func() {
		defer close(b.drained)
		ctx, cancel := context.WithTimeout(context.Background(), demo.Grace)
		defer cancel()
		if err := b.server.Shutdown(ctx); err != nil {
			b.log.Warn("pages for the front were cut off", "after", demo.Grace, "err", err)
		}
		_ = b.server.Close()
	}()
}
