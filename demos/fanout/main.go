// Command fanout shows a page that is made of the answers of ten slow services, which it asks all at once. The services
// run as processes of their own; where one is missing, the page comes with nine parts.
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"time"

	"github.com/oklog/run"

	"quartet/demos/internal/children"
	"quartet/demos/internal/demo"
	"quartet/service"
)

const about = `
One page of ten parts. Ten slow services, processes of their own that this one starts, are asked for them at once, and
the page takes about as long as the slowest. A part whose service fails, or is later than ?deadline=2s, is shown as its
error, and the others are there all the same: kill a service, whose process id is on the page, and load it again.
/?deadline=500ms asks for less patience, Accept: application/json for JSON. The services share a random secret with the
page, new with each start. Ctrl-C or SIGTERM lets pages that have begun finish, 10 s at most, and ends the services.`

func main() {
	os.Exit(demo.Exit("fanout", serve(os.Args[1:], os.Stdout, os.Stderr), os.Stderr))
}

func serve(args []string, stdout, stderr io.Writer) error {
	signals := demo.ListenForSignals()
	flags := demo.Flags("fanout", about)
	address := flags.String("http", "127.0.0.1:6769", "web `address`; port 0 takes any that is free")
	prefix := flags.String("sockets", "", "what the `path` of each socket begins with (default run/fanout.PID)")
	again := flags.Duration("again", 10*time.Second, "how long a service that died stays dead until it is started again; at least 100ms")
	name := flags.String("serve", "", "be the service of that `name`, which is how fanout starts the ten of them")
	if err := demo.Parse(flags, args, stdout, stderr); err != nil {
		return err
	}
	sockets := children.Sockets(*prefix)
	if sockets == "" {
		sockets = children.Sockets(fmt.Sprintf("run/fanout.%d", os.Getpid()))
	}
	switch {
	case *name != "":
		return serveService(*name, sockets, stderr)
	case *again < 100*time.Millisecond:
		return fmt.Errorf("-again %v: give a time of 100ms or more", *again)
	}
	log := demo.Logger("fanout", stderr)
	listener, err := demo.Listen(*address)
	if err != nil {
		return err
	}
	defer listener.Close()
	group, err := children.New(*again, stderr, log, services(sockets)...)
	if err != nil {
		return err
	}
	client, err := dial(sockets, group, log)
	if err != nil {
		return err
	}
	defer sockets.Tidy(names()...)
	defer client.Close()
	fmt.Fprintf(stdout, "fanout: %s\n", demo.URL(listener))
	return runUntilTold(signals, client, group, listener, log)
}

// services are the ten children.
func services(sockets children.Sockets) []children.Child {
	var list []children.Child
	for _, name := range names() {
		list = append(list, children.Child{Name: name, Args: []string{"-serve", name, "-sockets", string(sockets)}})
	}
	return list
}

func names() []string {
	var list []string
	for _, p := range parts {
		list = append(list, p.name)
	}
	return list
}

// patience is how long a part waits for an instance of its service to come. It is short: a page should not take long to
// say that something is missing.
const patience = 250 * time.Millisecond

// dial makes the client that knows all ten services, by listening for them.
func dial(sockets children.Sockets, group *children.Group, log *slog.Logger) (*service.Client, error) {
	secret, err := group.Secret()
	if err != nil {
		return nil, err
	}
	client := service.NewClient(service.WithSecret(secret), service.WithLogger(children.Quiet(log)), service.WithWait(patience))
	for _, name := range names() {
		if err := client.Register(name, []service.Addr{sockets.Addr(name)}); err != nil {
			_ = client.Close()
			return nil, err
		}
	}
	return client, nil
}

// runUntilTold serves the page. The services are told to end when the last page is done.
func runUntilTold(signals *demo.Signals, client *service.Client, group *children.Group, listener net.Listener, log *slog.Logger) error {
	pages := &shop{Caller: client, services: group, log: log}
	var actors run.Group
	actors.Add(demo.Serve(pages.handler(), listener, func(context.Context) {}, log))
	actors.Add(group.Execute, group.Interrupt)
	actors.Add(signals.Execute, signals.Interrupt)
	return actors.Run()
}
