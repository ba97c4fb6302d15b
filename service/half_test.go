package service_test

import (
	"context"
	"testing"

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
	is := is.New(t)
	addr := servicetest.Addr()
	c, _ := sender(t, addr)
	f := fakeInstance(t, c, addr, 2)
	send(t, c)
	first := next[*wire.Request](f)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	call := ask(ctx, c, "/call")
	second := next[*wire.Request](f)
	sent := make(chan error, 1)
	go func() {
		_, err := c.Send(ctx, svc, &handler.Request{Path: "/late"})
		sent <- err
	}()
	await(t, "a Send waits", func() bool { return c.Waiting(svc) == 1 })
	next2 := ask(ctx, c, "/next")
	await(t, "a Call waits behind it", func() bool { return c.Waiting(svc) == 2 })
	f.answer(second.ID, "")
	is.NoErr(recv(t, call, "the first call").err)
	m := next[*wire.Request](f)
	is.Equal(m.Path, "/next") // the sent half is still taken, but the call may pass
	f.answer(m.ID, "")
	is.NoErr(recv(t, next2, "the second call").err)
	f.answer(first.ID, "")
	if err := recv(t, sent, "the Send"); err == nil { // in time, or refused after 100 ms
		f.answer(next[*wire.Request](f).ID, "")
	}
}
