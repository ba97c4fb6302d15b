package service_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/service"
	"quartet/service/servicetest"
	"quartet/transport"
	"quartet/transport/wire"
)

// TestFullWindow follows the clock of a bubble: beyond the window a call waits 100 ms, not longer.
func TestFullWindow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		addr := servicetest.Addr()
		c := newClient(t, addr)
		f := fakeInstance(t, c, addr, 2)
		a, b := ask(t.Context(), c, "/a"), ask(t.Context(), c, "/b")
		ids := []wire.ID{next[*wire.Request](f).ID, next[*wire.Request](f).ID}

		began := time.Now()
		_, err := c.Call(t.Context(), svc, &handler.Request{Path: "/c"})
		failed(is, err, service.ErrRejected, 503)
		is.Equal(time.Since(began), service.WindowWait)
		is.Equal(handler.ErrorResponse(err).HeaderValue("retry-after"), "1")
		f.noMore(is) // it was not sent

		var waiting []<-chan result
		for _, path := range []string{"/1", "/2", "/3"} {
			waiting = append(waiting, ask(t.Context(), c, path))
			synctest.Wait()
		}
		for n, id := range ids {
			f.answer(id, "")
			ids[n] = next[*wire.Request](f).ID
		}
		f.answer(ids[1], "second")
		f.answer(ids[0], "first")
		is.Equal((<-waiting[0]).Text(), "first")  // who waited longest got the first free place
		is.Equal((<-waiting[1]).Text(), "second") // and so on
		m := next[*wire.Request](f)
		is.Equal(m.Path, "/3")
		f.answer(m.ID, "third")
		is.Equal((<-waiting[2]).Text(), "third")
		is.NoErr((<-a).err)
		is.NoErr((<-b).err)
		is.Equal(c.Leftovers(), nil)
	})
}

// TestWindowOfBytes is as strict as that of messages.
func TestWindowOfBytes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		addr := servicetest.Addr()
		c := newClient(t, addr)
		h := instanceHello(100)
		h.WindowBytes = 10_000
		f := newFake(t, transport.Instance, addr, h)
		ready(t, c)
		call := func(size int) <-chan error {
			done := make(chan error, 1)
			go func() {
				_, err := c.Call(t.Context(), svc, &handler.Request{Path: "/", Body: make([]byte, size)})
				done <- err
			}()
			synctest.Wait()
			return done
		}
		large := call(20_000) // a single one always passes
		first := next[*wire.Request](f)
		failed(is, <-call(1), service.ErrRejected, 503)
		f.answer(first.ID, "")
		is.NoErr(<-large)
		small, another := call(4_000), call(4_000)
		failed(is, <-call(4_000), service.ErrRejected, 503)
		f.answer(next[*wire.Request](f).ID, "")
		f.answer(next[*wire.Request](f).ID, "")
		is.NoErr(<-small)
		is.NoErr(<-another)
	})
}

// TestPlaceOfALeaver: it is kept until the instance has answered, and if that takes too long, given up.
func TestPlaceOfALeaver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		addr := servicetest.Addr()
		c := newClient(t, addr)
		f := fakeInstance(t, c, addr, 1)
		ctx, cancel := context.WithCancel(t.Context())
		left := ask(ctx, c, "/")
		id := next[*wire.Request](f).ID
		cancel()
		failed(is, (<-left).err, service.ErrCanceled, 499)
		is.Equal(next[*wire.Cancel](f).ID, id)
		_, err := c.Call(t.Context(), svc, &handler.Request{Path: "/"})
		failed(is, err, service.ErrRejected, 503) // the handler may still be at it
		time.Sleep(service.ForgetAfter)
		synctest.Wait()
		is.Equal(c.Leftovers(), nil) // it will never answer
		done := ask(t.Context(), c, "/")
		f.answer(next[*wire.Request](f).ID, "")
		is.NoErr((<-done).err)
	})
}

// TestRefusedGoesElsewhereOnce: each instance is asked once, then the caller is told.
func TestRefusedGoesElsewhereOnce(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	addr := servicetest.Addr()
	c := newClient(t, addr)
	fakes := []*fake{}
	for n := range 3 {
		fakes = append(fakes, newFake(t, transport.Instance, addr, instanceHello(8)))
		await(t, "it is there", func() bool { return c.Instances(svc) == n+1 })
	}
	done := ask(t.Context(), c, "/")
	refused := 0
	for refused < 3 {
		for _, f := range fakes {
			select {
			case m := <-f.got:
				f.refuse(m.(*wire.Request).ID, wire.OutcomeOverloaded, "the backlog is full")
				refused++
			case <-time.After(time.Millisecond):
			}
		}
	}
	r := recv(t, done, "the caller was told")
	failed(is, r.err, service.ErrRejected, 503)
	is.Equal(handler.ErrorResponse(r.err).HeaderValue("retry-after"), "1")
	for _, f := range fakes {
		f.noMore(is)
	}
	is.Equal(c.Leftovers(), nil)
}

// TestDrainingInstanceIsNotAskedAgain, even if its bye is late: the next call waits for another.
func TestDrainingInstanceIsNotAskedAgain(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	addr := servicetest.Addr()
	c := newClient(t, addr, service.WithWait(patience))
	f := fakeInstance(t, c, addr, 8)
	done := ask(t.Context(), c, "/")
	f.refuse(next[*wire.Request](f).ID, wire.OutcomeDraining, "draining")
	await(t, "the call waits for another instance", func() bool { return c.Waiting(svc) == 1 })
	f.say(&wire.Bye{})
	recv(t, f.bye, "the answer to bye")
	newServer(t, echo, addr)
	is.NoErr(recv(t, done, "the answer").err)
	f.noMore(is)
}

// TestWhoHoldsUpOthersLeaves: the head of the line waits for an instance that is full, those behind it are
// served as soon as it gives up.
func TestWhoHoldsUpOthersLeaves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		addr := servicetest.Addr()
		c := newClient(t, addr)
		fakes := map[string]*fake{}
		for _, path := range []string{"/a", "/b"} {
			h := instanceHello(1)
			h.Routes = handler.RoutesToWire([]handler.Route{{Method: "*", Pattern: path}})
			fakes[path] = newFake(t, transport.Instance, addr, h)
		}
		synctest.Wait()
		ask(t.Context(), c, "/a")
		ask(t.Context(), c, "/b")
		a, b := next[*wire.Request](fakes["/a"]).ID, next[*wire.Request](fakes["/b"]).ID
		head := ask(t.Context(), c, "/a")
		synctest.Wait()
		time.Sleep(service.WindowWait / 2)
		began := time.Now()
		behind := ask(t.Context(), c, "/b")
		synctest.Wait()
		fakes["/b"].answer(b, "") // free, but the head does not want it
		failed(is, (<-head).err, service.ErrRejected, 503)
		m := next[*wire.Request](fakes["/b"])
		is.Equal(time.Since(began), service.WindowWait/2) // at once when the head has left
		fakes["/b"].answer(m.ID, "")
		is.NoErr((<-behind).err)
		fakes["/a"].answer(a, "")
		synctest.Wait()
	})
}
