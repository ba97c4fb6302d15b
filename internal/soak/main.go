// Command soak runs a client and instances of two services under load for as long as one likes, while instances come
// and go and handlers panic, and watches what must not grow: goroutines, descriptors, memory. It prints a row of a table
// now and then, keeps them in a CSV file and a picture, and judges at the end; the exit status tells.
//
// There are two processes, so that each side is seen alone: this one asks, and keeps the books; the host, which it
// starts, answers.
//
//	make soak              # ten minutes
//	make soak SOAK=8h
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"
)

// plan says what to run.
type plan struct {
	lasts  time.Duration
	every  time.Duration // a row
	rate   int           // calls a second
	moves  int           // leaves and joins a second
	chaos  bool          // break connections now and then
	dir    string        // for the files
	seed   uint64
	binary string // that becomes the host when hostVariable is set
}

// hostVariable is set in the environment of the process that is the host.
const hostVariable = "QUARTET_SOAK_HOST"

func main() {
	debug.SetGCPercent(99) // so that internal/headroom stays out of the heap that is judged
	if os.Getenv(hostVariable) != "" {
		exit(beHost(os.Stdin, os.Stdout))
	}
	p := plan{binary: os.Args[0]}
	flag.DurationVar(&p.lasts, "for", 10*time.Minute, "how long")
	flag.DurationVar(&p.every, "every", 0, "time between two rows (default 10s, less in a short run)")
	flag.IntVar(&p.rate, "rate", 500, "calls a second")
	flag.IntVar(&p.moves, "moves", 5, "instances that leave and come back, a second")
	flag.BoolVar(&p.chaos, "chaos", false, "break connections now and then")
	flag.Uint64Var(&p.seed, "seed", uint64(time.Now().UnixNano()), "of what is done at random")
	flag.StringVar(&p.dir, "dir", ".cache/soak", "directory for the files")
	flag.Parse()
	if p.every <= 0 {
		p.every = min(10*time.Second, p.lasts/10)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	problems, err := soak(ctx, p, os.Stdout)
	for _, p := range problems {
		fmt.Println("soak: BAD:", p)
	}
	switch {
	case err != nil:
		exit(err)
	case len(problems) > 0:
		os.Exit(1)
	}
	fmt.Println("soak: good")
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(2)
	}
	os.Exit(0)
}
