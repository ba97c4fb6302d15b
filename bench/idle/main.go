// Command idle is the smallest service there is, for the lines about memory: nothing but Quartet is linked in. It speaks
// with its parent as the processes of bench do. The secret comes from QUARTET_SECRET.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"quartet/handler"
	"quartet/service"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "idle:", err)
		os.Exit(1)
	}
}

// run serves at sockets in the directory that is the first argument. With a second one, wide, it takes 2,048 requests
// of an app at a time instead of the default.
func run() error {
	if len(os.Args) < 2 {
		return errors.New("usage: idle DIR [wide]")
	}
	secret, err := service.ParseSecret([]byte(os.Getenv("QUARTET_SECRET")))
	if err != nil {
		return err
	}
	options := []service.ServerOption{service.WithSecret(secret)}
	if len(os.Args) > 2 {
		options = append(options, service.WithWindow(2048, 16<<20), service.WithConcurrency(4096))
	}
	var mux handler.Mux
	mux.Method(handler.MethodRequest, "/echo", handler.Func(echo))
	mux.Method(handler.MethodRequest, "/wait", handler.Func(wait))
	srv := service.NewServer("bench", &mux, options...)
	addr := service.Addr{Requests: "ipc://" + os.Args[1] + "/q", Responses: "ipc://" + os.Args[1] + "/r", ServiceBinds: true}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // the parent closes it to end this process
		_ = srv.Close()
	}()
	fmt.Printf("{\"ready\":\"%s %s\"}\n", addr.Requests, addr.Responses)
	if err := srv.Serve(addr); !errors.Is(err, service.ErrClosed) {
		return err
	}
	return nil
}

func echo(_ context.Context, r *handler.Request) (*handler.Response, error) {
	return &handler.Response{Body: r.Body}, nil
}

// wait answers when nobody waits any more.
func wait(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}
