// Command front is a front door: it passes every request on to the app, in another process, over ZeroMQ.
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"

	"github.com/oklog/run"

	"quartet/demos/internal/demo"
	"quartet/demos/internal/site"
	"quartet/demos/internal/slow"
	"quartet/service"
	"quartet/web"
)

const about = `
The front door of the web app: it sends every request, whole, to the service "app" in another process (bin/app with
-serve-requests and -serve-responses), and its answer back to the browser. Start as many apps as you like, before or
after it; without one, pages are answered with 503 after 2 s. Only /healthz and /readyz are its own: the latter says
whether an app is there. Ctrl-C or SIGTERM lets what has begun finish, 10 s at most.`

// patience is longer than any page of the app takes.
const patience = slow.MaxDelay + 2*slow.Slack

func main() {
	os.Exit(demo.Exit("front", serve(os.Args[1:], os.Stdout, os.Stderr), os.Stderr))
}

func serve(args []string, stdout, stderr io.Writer) error {
	signals := demo.ListenForSignals()
	mesh := demo.Mesh{Addr: service.Addr{Requests: "ipc://run/app", Responses: "ipc://run/app_response"}}
	flags := demo.Flags("front", about)
	address := flags.String("http", "127.0.0.1:6767", "web `address`; port 0 takes any that is free")
	mesh.FlagsOf(flags, "front", "app")
	if err := demo.Parse(flags, args, stdout, stderr); err != nil {
		return err
	}
	log := demo.Logger("front", stderr)
	secret, err := mesh.Secret(log)
	if err != nil {
		return err
	}
	listener, err := demo.Listen(*address)
	if err != nil {
		return err
	}
	defer listener.Close()

	client := service.NewClient(service.WithSecret(secret), service.WithLogger(log), service.WithTLS(&mesh.TLS))
	defer client.Close()
	if err := client.Register(site.Service, []service.Addr{mesh.Addr}); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "front: %s\n", demo.URL(listener))
	return runUntilTold(signals, &mesh, client, listener, log)
}

// runUntilTold stands at the door. The client is closed only when the last page is through.
func runUntilTold(signals *demo.Signals, mesh *demo.Mesh, client *service.Client, listener net.Listener, log *slog.Logger) error {
	door := &site.Door{
		Pages: web.Offload(client, site.Service, service.WithTimeout(patience)),
		Ready: func(ctx context.Context) error { return client.Ready(ctx, site.Service) },
	}
	var group run.Group
	group.Add(demo.Serve(door.Handler(), listener, door.Drain, log))
	group.Add(mesh.WatchSecret(client.SetSecret, log))
	group.Add(signals.Execute, signals.Interrupt)
	return group.Run()
}
