package service_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"quartet/handler"
	"quartet/service"
	"quartet/service/servicetest"
)

// part is what one of several services contributes to a page: a text, or why there is none.
type part struct {
	service string
	limit   time.Duration // how long the page waits for it
	text    string
	err     error
}

// Several services are asked at once, and the page waits for all of them: for as long as the slowest takes, not for the
// sum. A part that fails costs the page that part.
func Example_fanOut() {
	client, end := several(map[string]handler.Handler{
		"news":    says("three headlines"),
		"weather": says("sun, 23 degrees"),
		"shares": handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) {
			return nil, handler.Errorf(503, "the exchange is closed")
		}),
		"mail": handler.Func(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
			<-ctx.Done() // too slow for this page
			return nil, ctx.Err()
		}),
	})
	defer end()

	parts := []part{
		{service: "news", limit: 5 * time.Second},
		{service: "weather", limit: 5 * time.Second},
		{service: "shares", limit: 5 * time.Second},
		{service: "mail", limit: 20 * time.Millisecond}, // nice to have
		{service: "sports", limit: 5 * time.Second},     // not there at all
	}
	var all errgroup.Group // without a context of its own: a part that fails does not end the others
	for i := range parts {
		p := &parts[i] // each goroutine writes to a part of its own
		all.Go(func() error {
			p.text, p.err = service.Invoke[string](context.Background(), client, p.service, "/summary", nil,
				service.WithTimeout(p.limit))
			return p.err
		})
	}
	some := all.Wait() // the barrier: all have answered or failed

	for _, p := range parts {
		switch {
		case p.err == nil:
			fmt.Println(p.service, "says:", p.text)
		case errors.Is(p.err, service.ErrTimeout):
			fmt.Println(p.service, "took too long")
		default:
			fmt.Println(p.service, "is missing:", handler.ErrorResponse(p.err).Reason)
		}
	}
	fmt.Println("complete:", some == nil)
	// Output:
	// news says: three headlines
	// weather says: sun, 23 degrees
	// shares is missing: the exchange is closed
	// mail took too long
	// sports is missing: internal error
	// complete: false
}

// says answers with a text.
func says(text string) handler.Handler {
	return handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) { return handler.Value(text) })
}

// several is a client of several services, with one instance of each in this process.
func several(services map[string]handler.Handler, o ...service.ClientOption) (c *service.Client, end func()) {
	c = service.NewClient(o...)
	var servers []*service.Server
	for name, h := range services {
		addr := servicetest.Addr()
		if err := c.Register(name, []service.Addr{addr}); err != nil {
			panic(err)
		}
		s := service.NewServer(name, h)
		servers = append(servers, s)
		go s.Serve(addr) // returns when the server is shut down
		if err := c.Ready(context.Background(), name); err != nil {
			panic(err)
		}
	}
	return c, func() {
		c.Shutdown(context.Background())
		for _, s := range servers {
			s.Shutdown(context.Background())
		}
	}
}
