package faults_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"quartet/handler"
	"quartet/service"
	"quartet/web"
)

// A side that is killed or stopped needs a process of its own: this test's program, started again.
const childPlan = "QUARTET_FAULTS_CHILD" // a plan as JSON

// key is everybody's: 64 hex digits, which no process has to stretch first.
const key = "7d1c0e5b93a8f24660cb1f97e2d83a4509b6c7f1e84d2a3b5c60718293a4b5c6"

var secret = func() service.Secret {
	s, err := service.ParseSecret([]byte(key))
	if err != nil {
		panic(err)
	}
	return s
}()

// plan says what a child is.
type plan struct {
	App         bool           // else an instance
	Addrs       []service.Addr // one of an instance, those of all instances of an app
	Concurrency int            // 0: as usual
}

// report is where a child writes a line for everything that happens, one write each, so that a kill cuts none in two.
const reportFile = 3

type report struct{ *os.File }

func (r report) note(what string, n int) {
	fmt.Fprintf(r, "%s %d %d\n", what, n, time.Now().UnixMicro())
}

// child is the main of such a process.
func child() int {
	go func() { // its parent is gone
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(3)
	}()
	var p plan
	if err := json.Unmarshal([]byte(os.Getenv(childPlan)), &p); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	out := report{os.NewFile(reportFile, "report")}
	run := p.serve
	if p.App {
		run = p.ask
	}
	if err := run(out); err != nil && !errors.Is(err, service.ErrClosed) {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// serve is an instance, until SIGTERM.
func (p plan) serve(out report) error {
	o := []service.ServerOption{service.WithSecret(secret)}
	if p.Concurrency > 0 {
		o = append(o, service.WithConcurrency(p.Concurrency))
	}
	s := service.NewServer(svc, routes(out), o...)
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGTERM)
	cut := make(chan error, 1)
	go func() {
		<-told
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		cut <- s.Shutdown(ctx)
	}()
	out.note("up", 0)
	if err := s.Serve(p.Addrs...); !errors.Is(err, service.ErrClosed) {
		return err
	}
	return <-cut
}

// routes is work that naps, and work that ends the process.
func routes(out report) handler.Handler {
	var mux handler.Mux
	mux.Handle(path, handler.Func(func(ctx context.Context, r *handler.Request) (*handler.Response, error) {
		n, nap, err := what(r)
		if err != nil {
			return nil, err
		}
		out.note("ran", n)
		if nap > 0 {
			select {
			case <-time.After(nap):
			case <-ctx.Done():
				out.note("left", n)
				return nil, ctx.Err()
			}
		}
		return handler.Text(fmt.Sprint(n)), nil
	}))
	mux.Handle("/poison", handler.Func(func(_ context.Context, r *handler.Request) (*handler.Response, error) {
		n, _, err := what(r)
		if err != nil {
			return nil, err
		}
		out.note("ran", n)
		os.Exit(9)
		return nil, nil
	}))
	return &mux
}

// what reads the number of a request and how long it takes, which a page has in its query.
func what(r *handler.Request) (n int, nap time.Duration, err error) {
	query := web.Query(r)
	if n, err = strconv.Atoi(r.Arg("n", query.Get("n"))); err != nil {
		return 0, 0, err
	}
	nap, err = time.ParseDuration(r.Arg("nap", query.Get("nap")))
	return n, nap, err
}

// ask is an app that asks fifty times a second, until it is killed, and says when a call is answered.
func (p plan) ask(out report) error {
	c := service.NewClient(service.WithSecret(secret), service.WithTimeout(200*time.Millisecond))
	if err := c.Register(svc, p.Addrs); err != nil {
		return err
	}
	out.note("up", 0)
	for range time.Tick(20 * time.Millisecond) {
		r := &handler.Request{Path: path, Args: map[string]string{"n": "0", "nap": "0s"}}
		if reply, err := c.Call(context.Background(), svc, r); err == nil && reply.Code() == 200 {
			out.note("good", 0)
		}
	}
	return nil
}
