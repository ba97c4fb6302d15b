// Command monolith shows the app's slow pages with the work done in the web process, for comparison.
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/oklog/run"

	"quartet/demos/internal/demo"
	"quartet/demos/internal/site"
	"quartet/demos/internal/slow"
)

const about = `
The same pages as the app, with the slow work done in the web process itself. Ctrl-C or SIGTERM lets what has begun
finish, 10 s for the pages and 10 s for work that goes on after its page.`

func main() {
	os.Exit(demo.Exit("monolith", serve(os.Args[1:], os.Stdout, os.Stderr), os.Stderr))
}

func serve(args []string, stdout, stderr io.Writer) error {
	signals := demo.ListenForSignals()
	flags := demo.Flags("monolith", about)
	address := flags.String("http", "127.0.0.1:6768", "web `address`; port 0 takes any that is free")
	delay := flags.Duration("delay", slow.DefaultDelay, "how long the work takes when a page is asked for without a delay; at most 60s")
	if err := demo.Parse(flags, args, stdout, stderr); err != nil {
		return err
	}
	if *delay < 0 || *delay > slow.MaxDelay {
		return fmt.Errorf("-delay %v: give a time from 0s to %v", *delay, slow.MaxDelay)
	}
	log := demo.Logger("monolith", stderr)
	listener, err := demo.Listen(*address)
	if err != nil {
		return err
	}
	defer listener.Close()
	fmt.Fprintf(stdout, "monolith: %s\n", demo.URL(listener))

	receipts := new(site.Receipts)
	work := newWork(*delay, receipts, log)
	pages := &site.Site{Name: "monolith", Work: work, Receipts: receipts, Log: log}
	var group run.Group
	group.Add(demo.Serve(pages.Handler(), listener, pages.Drain, log))
	group.Add(signals.Execute, signals.Interrupt)
	err = group.Run()

	ctx, cancel := context.WithTimeout(context.Background(), demo.Grace)
	defer cancel()
	work.stop(ctx)
	return err
}
