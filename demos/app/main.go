// Command app makes the pages, for the web or for a front door. Its slow pages leave the work to the service, in another
// process, over ZeroMQ.
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
watches over it. Start it before or after the service.

It faces the web itself, or stands behind bin/front: with -serve-requests and -serve-responses it is the service "app",
and serves the same pages over ZeroMQ. Ctrl-C or SIGTERM lets what has begun finish, 10 s for the pages and 10 s for
work that was sent.`

func main() {
	os.Exit(demo.Exit("app", serve(os.Args[1:], os.Stdout, os.Stderr), os.Stderr))
}

func serve(args []string, stdout, stderr io.Writer) error {
	signals := demo.ListenForSignals()
	var mesh demo.Mesh
	var doors doors
	flags := demo.Flags("app", about)
	doors.flags(flags)
	mesh.Flags(flags)
	if err := demo.Parse(flags, args, stdout, stderr); err != nil {
		return err
	}
	if err := doors.settle(flags); err != nil {
		return err
	}
	if doors.behindFront() {
		mesh.Also = append(mesh.Also, doors.serve)
	}
	log := demo.Logger("app", stderr)
	secret, err := mesh.Secret(log)
	if err != nil {
		return err
	}
	a := &app{mesh: &mesh, receipts: new(site.Receipts), log: log}
	if doors.http != "" {
		if a.listener, err = demo.Listen(doors.http); err != nil {
			return err
		}
		defer a.listener.Close()
	}
	a.client = service.NewClient(
		service.WithSecret(secret), service.WithLogger(log), service.WithTLS(&mesh.TLS), service.WithResponses(responses(a.receipts, log)))
	defer a.client.Close()
	if err := a.client.Register(slow.Service, []service.Addr{mesh.Addr}); err != nil {
		return err
	}
	if doors.behindFront() {
		a.behind = newBehind(a.site(true).Handler(), &mesh, doors.serve, secret, log)
	}
	if a.listener != nil {
		fmt.Fprintf(stdout, "app: %s\n", demo.URL(a.listener))
	}
	return a.runUntilTold(signals)
}

// app is the process: its client, and the doors that it has.
type app struct {
	mesh     *demo.Mesh
	client   *service.Client
	listener net.Listener // nil without a web address
	behind   *behind      // nil without a front door
	receipts *site.Receipts
	log      *slog.Logger
}

// site is the same pages at either door. Each door drains on its own, so each has its own.
func (a *app) site(front bool) *site.Site {
	return &site.Site{
		Name:     "app",
		Away:     true,
		Front:    front,
		Work:     offload{a.client},
		Receipts: a.receipts,
		Ready:    func(ctx context.Context) error { return a.client.Ready(ctx, slow.Service) },
		Log:      a.log,
	}
}

// runUntilTold serves the pages. The client is shut down only when the last page is done, because pages use it.
func (a *app) runUntilTold(signals *demo.Signals) error {
	var group run.Group
	if a.behind != nil {
		group.Add(a.behind.execute, a.behind.interrupt)
	}
	if a.listener != nil {
		pages := a.site(false)
		group.Add(demo.Serve(pages.Handler(), a.listener, pages.Drain, a.log))
	}
	group.Add(a.mesh.WatchSecret(a.setSecret, a.log))
	group.Add(signals.Execute, signals.Interrupt)
	err := group.Run()

	ctx, cancel := context.WithTimeout(context.Background(), demo.Grace)
	defer cancel()
	if err := a.client.Shutdown(ctx); err != nil {
		a.log.Warn("answers were given up", "after", demo.Grace, "err", err)
	}
	return err
}

func (a *app) setSecret(s service.Secret) {
	a.client.SetSecret(s)
	if a.behind != nil {
		a.behind.server.SetSecret(s)
	}
}
