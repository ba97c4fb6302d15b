// Command move shows what moving a CPU-heavy route to another process does for the rest of a site: it serves the same
// site from two web processes, of which one had one line changed, and measures both.
package main

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/oklog/run"

	"quartet/demos/internal/children"
	"quartet/demos/internal/demo"
)

const about = `
A web site with a light page and a CPU-heavy route, /render, is run twice: before, with the route in the web process,
and after, with the route moved to an instance of the service "render" by one line. One page shows both lines and, when
told to, measures what the light page gains: how long visitors wait for it while pictures are drawn. Who measures
is this process, over HTTP; both sites and the service are children of it, on the same processors, and share a random
secret, new with each start. The service has a lower priority than the web processes, as one would deploy it; with
-nice 0 it has the same, and the light page stays nearly as quick. Ctrl-C or SIGTERM breaks a measurement off, lets
pages that have begun finish, 10 s at most, and ends the children.`

// The two web processes.
const (
	before = "before"
	after  = "after"
)

// maxPictures is how many pictures a measurement may ask for at once.
const maxPictures = 64

// options are the flags.
type options struct {
	http, sockets, serve string
	nice, pictures       int
	limit                bool
}

func main() {
	os.Exit(demo.Exit("move", serve(os.Args[1:], os.Stdout, os.Stderr), os.Stderr))
}

func serve(args []string, stdout, stderr io.Writer) error {
	var o options
	flags := demo.Flags("move", about)
	flags.StringVar(&o.http, "http", "127.0.0.1:6770", "web `address`; port 0 takes any that is free")
	flags.StringVar(&o.sockets, "sockets", "", "what the `path` of each socket begins with (default run/move.PID)")
	flags.IntVar(&o.nice, "nice", 10, "how much the service yields to web processes, from 0, not at all, to 19")
	flags.IntVar(&o.pictures, "pictures", 8, "how many pictures are asked for at once, from 1 to 64")
	flags.BoolVar(&o.limit, "limit", false,
		"before the move, too, no more pictures are drawn at a time than there are processors, as in the service")
	flags.StringVar(&o.serve, "serve", "", "be that `process`, before, after or render, which is how move starts the three of them")
	if err := demo.Parse(flags, args, stdout, stderr); err != nil {
		return err
	}
	if o.sockets == "" {
		o.sockets = fmt.Sprintf("run/move.%d", os.Getpid())
	}
	if o.nice < 0 || o.nice > 19 {
		return fmt.Errorf("-nice %d: give a number from 0 to 19", o.nice)
	}
	if o.pictures < 1 || o.pictures > maxPictures {
		return fmt.Errorf("-pictures %d: give a number from 1 to %d", o.pictures, maxPictures)
	}
	switch o.serve {
	case "":
		return serveAll(o, stdout, stderr)
	case before, after:
		return serveWeb(o, stderr)
	case renderer:
		return serveRender(o, stderr)
	default:
		return fmt.Errorf("-serve %q: there are %s, %s and %s", o.serve, before, after, renderer)
	}
}

// serveAll starts the children and serves the page.
func serveAll(o options, stdout, stderr io.Writer) error {
	signals := demo.ListenForSignals()
	log := demo.Logger("move", stderr)
	listener, err := demo.Listen(o.http)
	if err != nil {
		return err
	}
	defer listener.Close()
	var doors [2]*door
	for i, name := range []string{before, after} {
		if doors[i], err = openDoor(name); err != nil {
			return err
		}
		defer doors[i].Close()
	}
	group, err := children.New(time.Second, stderr, log, processes(o, doors)...)
	if err != nil {
		return err
	}
	defer children.Sockets(o.sockets).Tidy(renderer)
	fmt.Fprintf(stdout, "move: %s\n", demo.URL(listener))
	return runUntilTold(signals, newPages(o, doors, group, log), listener, log)
}

// processes are the three children.
func processes(o options, doors [2]*door) []children.Child {
	list := []children.Child{{
		Name: renderer, Args: []string{"-serve", renderer, "-sockets", o.sockets, "-nice", strconv.Itoa(o.nice)},
	}}
	for _, d := range doors {
		list = append(list, children.Child{
			Name: d.name, Args: []string{"-serve", d.name, "-sockets", o.sockets, "-limit=" + strconv.FormatBool(o.limit)},
			Files: []*os.File{d.File},
		})
	}
	return list
}

// door is where a web process listens. It is opened here, so that its port is known and survives the process.
type door struct {
	*os.File
	name, url string
}

func openDoor(name string) (*door, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer listener.Close() // the file is a duplicate
	file, err := listener.(*net.TCPListener).File()
	return &door{File: file, name: name, url: demo.URL(listener)}, err
}

// runUntilTold serves the page. The children are told to end when its last visitor is served.
func runUntilTold(signals *demo.Signals, pages *pages, listener net.Listener, log *slog.Logger) error {
	var actors run.Group
	actors.Add(demo.Serve(pages.handler(), listener, pages.drain, log))
	actors.Add(pages.group.Execute, pages.group.Interrupt)
	actors.Add(signals.Execute, signals.Interrupt)
	return actors.Run()
}
