// Command service does slow work for the app, in a process of its own: it echoes what it is sent, after a while.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/oklog/run"

	"quartet/demos/internal/demo"
	"quartet/demos/internal/slow"
	"quartet/service"
)

const about = `
An instance of the service "slow": it answers /service/slow, METHOD request, with the text it was sent, after the delay.
Start as many as you like, before or after the app; the app shares its calls out among them. Ctrl-C or SIGTERM lets
what has begun finish, 10 s at most.`

func main() {
	os.Exit(demo.Exit("service", serve(os.Args[1:], os.Stdout, os.Stderr), os.Stderr))
}

func serve(args []string, stdout, stderr io.Writer) error {
	signals := demo.ListenForSignals()
	var mesh demo.Mesh
	flags := demo.Flags("service", about)
	mesh.Flags(flags)
	delay := flags.Duration("delay", slow.DefaultDelay, "how long the work takes when a request has no argument delay; at most 60s")
	if err := demo.Parse(flags, args, stdout, stderr); err != nil {
		return err
	}
	if *delay < 0 || *delay > slow.MaxDelay {
		return fmt.Errorf("-delay %v: give a time from 0s to %v", *delay, slow.MaxDelay)
	}
	log := demo.Logger("service", stderr)
	secret, err := mesh.Secret(log)
	if err != nil {
		return err
	}
	server := service.NewServer(slow.Service, routes(*delay, log),
		service.WithSecret(secret), service.WithLogger(log), service.WithTLS(&mesh.TLS))

	var group run.Group
	group.Add(func() error {
		log.Info("serving", "service", slow.Service, "requests", mesh.Addr.Requests, "responses", mesh.Addr.Responses, "delay", *delay)
		return server.Serve(mesh.Addr)
	}, func(error) {
		ctx, cancel := context.WithTimeout(context.Background(), demo.Grace)
		defer cancel()
		start := time.Now()
		if err := server.Shutdown(ctx); err != nil {
			log.Warn("work was cut off", "after", time.Since(start), "err", err)
		}
		_ = server.Close()
	})
	group.Add(mesh.WatchSecret(server.SetSecret, log))
	group.Add(signals.Execute, signals.Interrupt)
	return group.Run()
}
