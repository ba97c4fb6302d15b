package main

import (
	"context"
	"io"
	"os"
	"runtime"

	"github.com/oklog/run"

	"quartet/demos/internal/children"
	"quartet/demos/internal/demo"
	"quartet/service"
	"quartet/web"
)

// renderer is the service that the route moves to.
const renderer = "render"

// serveRender is the one instance of the service, a child. As one would deploy it, it yields to web processes on the same
// machine, and draws no more pictures at a time than there are processors; the rest wait.
func serveRender(o options, stderr io.Writer) error {
	signals := demo.ListenForSignals()
	log := demo.Logger("move/"+renderer, stderr)
	secret, err := children.Secret()
	if err != nil {
		return err
	}
	if err := children.Nice(o.nice); err != nil {
		return err
	}
	server := service.NewServer(renderer, web.Serve(render),
		service.WithSecret(secret), service.WithLogger(children.Quiet(log)), service.WithConcurrency(runtime.NumCPU()))

	var group run.Group
	group.Add(func() error {
		log.Info("serving", "pid", os.Getpid(), "nice", o.nice, "concurrency", runtime.NumCPU())
		return server.Serve(children.Sockets(o.sockets).Addr(renderer))
	}, func(error) {
		ctx, cancel := context.WithTimeout(context.Background(), demo.Grace)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			log.Warn("pictures were cut off", "after", demo.Grace, "err", err)
		}
		_ = server.Close()
	})
	group.Add(children.Parent(log))
	group.Add(signals.Execute, signals.Interrupt)
	return group.Run()
}
