package service_test

import (
	"testing"
	"testing/synctest"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/service"
	"quartet/service/servicetest"
	"quartet/transport/wire"
)

// TestSendsTakeHalfOfAWindow: the other half is for those who wait.
func TestSendsTakeHalfOfAWindow(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	addr := servicetest.Addr()
	c, got := sender(t, addr)
	f := fakeInstance(t, c, addr, 8)
	var ids []wire.ID
	for range 4 {
		send(t, c)
		ids = append(ids, next[*wire.Request](f).ID)
	}
	_, err := c.Send(t.Context(), svc, &handler.Request{Path: "/work"})
	failed(is, err, service.ErrRejected, 503) // the half is full
	for range 4 {
		done := ask(t.Context(), c, "/")
		defer func() { is.NoErr(recv(t, done, "an answer").err) }()
		ids = append(ids, next[*wire.Request](f).ID) // these pass by
	}
	_, err = c.Call(t.Context(), svc, &handler.Request{Path: "/"})
	failed(is, err, service.ErrRejected, 503) // now the window is full
	for _, id := range ids {
		f.answer(id, "")
	}
	for range 4 {
		is.Equal(recv(t, got, "a receipt").Answer.Code(), 200)
	}
}

// TestSendsTakeHalfOfTheHandlers: while sent work saturates its half, calls are served.
func TestSendsTakeHalfOfTheHandlers(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	g := newGate()
	defer g.Open()
	var mux handler.Mux
	mux.Handle("/work", g)
	mux.Handle("/call", echo)
	addr := servicetest.Addr()
	c, got := sender(t, addr)
	s := newServer(t, &mux, addr, service.WithConcurrency(4), service.WithBacklog(8))
	ready(t, c)
	for range 6 {
		send(t, c)
	}
	recv(t, g.entered, "the first began")
	recv(t, g.entered, "the second began")
	await(t, "the rest waits", func() bool { return s.Stats().Queued == 4 })
	is.Equal(s.Stats().Running, 2) // half of four
	for range 100 {
		reply, err := c.Call(t.Context(), svc, &handler.Request{Path: "/call"})
		is.NoErr(err)
		is.Equal(reply.Code(), 200)
	}
	send(t, c) // beyond half of the backlog: refused by the only instance
	r := recv(t, got, "a receipt")
	is.Equal(r.Answer.Status, 503)
	g.Open()
	for range 6 {
		is.Equal(recv(t, got, "a receipt").Answer.Code(), 200)
	}
}

// TestWaitingSendsDoNotHoldUpCalls in the line for a place in the window.
func TestWaitingSendsDoNotHoldUpCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		addr := servicetest.Addr()
		c, got := sender(t, addr)
		f := fakeInstance(t, c, addr, 2)
		send(t, c)
		first := next[*wire.Request](f)
		call := ask(t.Context(), c, "/call")
		second := next[*wire.Request](f)
		sent := make(chan error, 1)
		go func() {
			_, err := c.Send(t.Context(), svc, &handler.Request{Path: "/work"})
			sent <- err
		}()
		synctest.Wait()
		behind := ask(t.Context(), c, "/behind")
		synctest.Wait()
		is.Equal(c.Waiting(svc), 2)
		f.answer(second.ID, "")
		is.NoErr((<-call).err)
		m := next[*wire.Request](f)
		is.Equal(m.Path, "/behind") // the half for Sends is still taken, but a Call may pass
		f.answer(first.ID, "")
		is.NoErr(<-sent) // now it is not
		f.answer(next[*wire.Request](f).ID, "")
		f.answer(m.ID, "")
		is.NoErr((<-behind).err)
		for range 2 {
			is.Equal((<-got).Answer.Code(), 200)
		}
	})
}
