// Command app faces the web. Its slow pages leave the work to the service, in another process, over ZeroMQ.
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
)

const about = `
The web app: its pages /service/sync and /service/async leave slow work to the service "slow" in another process.
Both take ?delay=10ms, at most 60s, and answer JSON to Accept: application/json. /healthz and /readyz are for whoever
watches over it. Start it before or after the service. Ctrl-C or SIGTERM lets what has begun finish, 10 s for the
pages and 10 s for work that was sent.`

func main() {
	os.Exit(demo.Exit("app", serve(os.Args[1:], os.Stdout, os.Stderr), os.Stderr))
}

func serve(args []string, stdout, stderr io.Writer) error {
	signals := demo.ListenForSignals()
	var mesh demo.Mesh
	flags := demo.Flags("app", about)
	address := flags.String("http", "127.0.0.1:6767", "web `address`; port 0 takes any that is free")
	mesh.Flags(flags)
	if err := demo.Parse(flags, args, stdout, stderr); err != nil {
		return err
	}
	log := demo.Logger("app", stderr)
	secret, err := mesh.Secret(log)
	if err != nil {
		return err
	}
	listener, err := demo.Listen(*address)
	if err != nil {
		return err
	}
	defer listener.Close()

	receipts := new(site.Receipts)
	client := service.NewClient(
		service.WithSecret(secret), service.WithLogger(log), service.WithTLS(&mesh.TLS), service.WithResponses(responses(receipts, log)))
	defer client.Close()
	if err := client.Register(slow.Service, []service.Addr{mesh.Addr}); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "app: %s\n", demo.URL(listener))
	return runUntilTold(signals, &mesh, client, receipts, listener, log)
}

// runUntilTold serves the pages. The client is shut down only when the last page is done, because pages use it.
func runUntilTold(signals *demo.Signals, mesh *demo.Mesh, client *service.Client, receipts *site.Receipts, listener net.Listener, log *slog.Logger) error {
	pages := &site.Site{
		Name:     "app",
		Away:     true,
		Work:     offload{client},
		Receipts: receipts,
		Ready:    func(ctx context.Context) error { return client.Ready(ctx, slow.Service) },
		Log:      log,
	}
	var group run.Group
	group.Add(demo.Serve(pages.Handler(), listener, pages.Drain, log))
	group.Add(mesh.WatchSecret(client.SetSecret, log))
	group.Add(signals.Execute, signals.Interrupt)
	err := group.Run()

	ctx, cancel := context.WithTimeout(context.Background(), demo.Grace)
	defer cancel()
	if err := client.Shutdown(ctx); err != nil {
		log.Warn("answers were given up", "after", demo.Grace, "err", err)
	}
	return err
}
