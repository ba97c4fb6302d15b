package service_test

import (
	"context"
	"runtime"
	"testing"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/service"
)

// TestQuickHandlerThatIsNot: handlers that were quick run where their requests are read. One that is not so any more keeps
// no other from running, no cancel from arriving, and nobody from being answered.
func TestQuickHandlerThatIsNot(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, addr service.Addr) {
		is := is.New(t)
		gate := newGate()
		began, left := make(chan struct{}), make(chan error, 1)
		c := newClient(t, addr)
		server := newServer(t, handler.Func(func(ctx context.Context, r *handler.Request) (*handler.Response, error) {
			switch r.Path {
			case "/wait":
				return gate.Serve(ctx, r)
			case "/until-left":
				began <- struct{}{}
				<-ctx.Done()
				left <- ctx.Err()
			case "/exit":
				runtime.Goexit()
			}
			return &handler.Response{}, nil
		}), addr)
		ready(t, c)
		quick := func() {
			for range 100 {
				is.NoErr((<-ask(t.Context(), c, "/")).err)
			}
			service.ThinkQuick(server) // whatever the machine did meanwhile
		}

		quick()
		first := ask(t.Context(), c, "/wait")
		recv(t, gate.entered, "it has begun")
		second := ask(t.Context(), c, "/wait")
		recv(t, gate.entered, "the next one, too")
		quick() // others run
		gate.Open()
		is.NoErr((<-first).err)
		is.NoErr((<-second).err)

		ctx, leave := context.WithCancel(t.Context())
		reply := ask(ctx, c, "/until-left")
		recv(t, began, "the handler runs")
		leave()
		is.True((<-reply).err != nil)
		is.Equal(recv(t, left, "the handler hears that its caller has left"), context.Canceled)

		is.Equal((<-ask(t.Context(), c, "/exit")).Code(), 500)
		quick() // nothing is lost with the goroutine
	})
}
