package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/oklog/run"

	"quartet/demos/internal/children"
	"quartet/demos/internal/demo"
	"quartet/service"
)

// serveService is one of the ten services, a child.
func serveService(name string, sockets children.Sockets, stderr io.Writer) error {
	signals := demo.ListenForSignals()
	p, ok := find(name)
	if !ok {
		return fmt.Errorf("-serve %q: there is no such service", name)
	}
	secret, err := children.Secret()
	if err != nil {
		return err
	}
	log := demo.Logger("fanout/"+name, stderr)
	server := service.NewServer(name, p.routes(), service.WithSecret(secret), service.WithLogger(children.Quiet(log)))

	var group run.Group
	group.Add(func() error {
		log.Info("serving", "pid", os.Getpid(), "delay", p.delay)
		return server.Serve(sockets.Addr(name))
	}, func(error) {
		ctx, cancel := context.WithTimeout(context.Background(), demo.Grace)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			log.Warn("work was cut off", "after", demo.Grace, "err", err)
		}
		_ = server.Close()
	})
	group.Add(children.Parent(log))
	group.Add(signals.Execute, signals.Interrupt)
	return group.Run()
}
