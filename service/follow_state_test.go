package service

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"

	"quartet/handler"
)

// pairOf registers two services of one client in a bubble: the first forwards all but /own to the second.
func pairOf(t *testing.T, first handler.Handler) *Client {
	t.Helper()
	c := NewClient()
	for name, h := range map[string]handler.Handler{
		"first":  first,
		"second": handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) { return handler.Text("second"), nil }),
	} {
		addr := Addr{Requests: "inproc://" + t.Name() + name + "/q", Responses: "inproc://" + t.Name() + name + "/a"}
		if err := c.Register(name, []Addr{addr}); err != nil {
			t.Fatal(err)
		}
		s := NewServer(name, h)
		served := make(chan error, 1)
		go func() { served <- s.Serve(addr) }()
		t.Cleanup(func() { c.Close(); s.Close(); <-served })
	}
	synctest.Wait()
	return c
}

// TestAllowanceOfAForwarder: an instance that forwards has had time for a request, as one that answers.
func TestAllowanceOfAForwarder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		c := pairOf(t, handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) {
			return handler.Forward("second", "/"), nil
		}))
		r := c.remotes["first"]
		r.mu.Lock()
		i := r.instances[0]
		i.allowed.refused(time.Now(), 39, time.Now())
		was := i.allowed.most
		r.mu.Unlock()
		for range 200 {
			_, err := c.Call(t.Context(), "first", &handler.Request{Path: "/"})
			is.NoErr(err)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		is.True(i.allowed.most > was+5) // it grows back
	})
}

// TestFirstForwardDuringShutdown: a call under way that is forwarded finds the other service still there, even if no
// call was forwarded before.
func TestFirstForwardDuringShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		began, goOn := make(chan struct{}), make(chan struct{})
		c := pairOf(t, handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) {
			close(began)
			<-goOn
			return handler.Forward("second", "/"), nil
		}))
		called, down := make(chan error, 1), make(chan error, 1)
		go func() {
			_, err := c.Call(context.Background(), "first", &handler.Request{Path: "/"})
			called <- err
		}()
		<-began
		go func() { down <- c.Shutdown(context.Background()) }()
		time.Sleep(300 * time.Millisecond)
		close(goOn)
		is.NoErr(<-called)
		is.NoErr(<-down)
	})
}
