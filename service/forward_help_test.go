package service_test

import (
	"context"
	"strings"
	"testing"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/service"
	"quartet/service/servicetest"
	"quartet/transport"
)

// beyond is the service that the tests of this and similar files forward to.
const beyond = "beyond"

// forwards leaves all requests to another service.
func forwards(service, path string) handler.Handler {
	return handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) {
		return handler.Forward(service, path), nil
	})
}

// hold registers a further service at a client.
func hold(t testing.TB, c *service.Client, name string, addr service.Addr, o ...service.RegisterOption) {
	t.Helper()
	if err := c.Register(name, []service.Addr{addr}, o...); err != nil {
		t.Fatal(err)
	}
}

// serve starts an instance of a service and waits until the client that holds it has it.
func serve(t testing.TB, c *service.Client, name string, h handler.Handler, addr service.Addr, o ...service.ServerOption) *service.Server {
	t.Helper()
	s := servicetest.NewServer(t, name, h, addr, append([]service.ServerOption{service.WithSecret(secret)}, o...)...)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := c.Ready(ctx, name); err != nil {
		t.Fatalf("no instance of %s came: %v", name, err)
	}
	return s
}

// beside returns a further address like another one.
func beside(t testing.TB, a service.Addr) service.Addr {
	return world{ipc: strings.HasPrefix(a.Requests, "ipc:"), serviceBinds: a.ServiceBinds}.addr(t)
}

// across is beside with the other side binding.
func across(t testing.TB, a service.Addr) service.Addr {
	a.ServiceBinds = !a.ServiceBinds
	return beside(t, a)
}

// way is an app, a service that forwards to another, and that one. Who asks the last is the app, or for a relay a
// client of the first.
type way struct {
	app, asks   *service.Client
	first, last *service.Server
}

// ways are told apart by that.
var ways = map[string]bool{"by the app": false, "by a relay": true}

func inBothWays(t *testing.T, test func(t *testing.T, relay bool)) {
	for name, relay := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, relay)
		})
	}
}

// newWay connects all of it; the app is at addr, the last service at a like address with the other side binding.
func newWay(t testing.TB, relay bool, addr service.Addr, first, last handler.Handler, o ...service.ClientOption) way {
	t.Helper()
	w := way{app: newClient(t, addr, append([]service.ClientOption{service.WithName("app")}, o...)...)}
	next := across(t, addr)
	var opts []service.ServerOption
	if w.asks = w.app; relay {
		w.asks = servicetest.NewClient(t, beyond, next, service.WithSecret(secret), service.WithName("relay"))
		opts = append(opts, service.WithClient(w.asks))
	} else {
		hold(t, w.app, beyond, next)
	}
	w.last = serve(t, w.asks, beyond, last, next)
	w.first = serve(t, w.app, svc, first, addr, opts...)
	return w
}

// rest waits until nothing is left anywhere.
func (w way) rest(t testing.TB) {
	t.Helper()
	await(t, "nothing is left", func() bool {
		left := len(w.app.Leftovers()) + len(w.asks.Leftovers()) + len(w.first.Leftovers()) + len(w.last.Leftovers())
		return left == 0 && w.app.Held() == 0
	})
}

// fakeOf is a raw instance of a service. Calls may have to wait for it a little.
func fakeOf(t testing.TB, name string, addr service.Addr) *fake {
	t.Helper()
	hello := instanceHello(8)
	hello.Service = name
	return newFake(t, transport.Instance, addr, hello)
}

// refusedWith says that a call was not followed, for a reason that both sides can read.
func refusedWith(is *is.I, r result, reason string) {
	is.Helper()
	is.NoErr(r.err)
	is.Equal(r.Code(), 502)
	is.Equal(r.Reason, reason)
}
