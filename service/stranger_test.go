package service_test

import (
	"errors"
	"strings"
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

// TestLateAnswers are dropped and counted.
func TestLateAnswers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		addr := servicetest.Addr()
		c := newClient(t, addr)
		f := fakeInstance(t, c, addr, 1)
		_, err := c.Call(t.Context(), svc, &handler.Request{Path: "/first"}, service.WithTimeout(time.Second))
		failed(is, err, service.ErrTimeout, 504)
		first := next[*wire.Request](f)
		is.Equal(next[*wire.Cancel](f).ID, first.ID) // the instance is told

		second := ask(t.Context(), c, "/second") // the window of one is taken until the final message
		synctest.Wait()
		is.Equal(c.Waiting(svc), 1)
		f.answer(first.ID, "late")
		m := next[*wire.Request](f)
		is.Equal(m.Path, "/second")
		f.answer(first.ID, "later still") // now it is nobody's
		f.answer(m.ID, "right")
		is.Equal((<-second).Text(), "right")
		is.Equal(c.Stats(), service.Stats{Late: 1, Stranger: 1})
		is.Equal(c.Leftovers(), nil)
	})
}

// TestStrangerAnswers: only the instance that was asked can answer.
func TestStrangerAnswers(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	addr := servicetest.Addr()
	c := newClient(t, addr)
	asked := fakeInstance(t, c, addr, 8)
	done := ask(t.Context(), c, "/")
	m := next[*wire.Request](asked)
	stranger := newFake(t, transport.Instance, addr, instanceHello(8))
	stranger.answer(m.ID, "forged")
	stranger.answer(wire.ID{1, 2, 3}, "out of the blue")
	await(t, "both are counted", func() bool { return c.Stats().Stranger == 2 })
	asked.answer(m.ID, "true")
	asked.answer(m.ID, "twice")
	is.Equal(recv(t, done, "the answer").Text(), "true")
	await(t, "the second answer is counted", func() bool { return c.Stats().Stranger == 3 })
}

// TestMalformedAnswers end their call; what belongs nowhere cuts the peer; what is new is ignored.
func TestMalformedAnswers(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	addr := servicetest.Addr()
	c := newClient(t, addr)
	f := fakeInstance(t, c, addr, 8)
	done := ask(t.Context(), c, "/")
	id := next[*wire.Request](f).ID
	w := (&handler.Response{Status: 200}).ToWire()
	w.ID = id
	b := frame(t, w)
	b = append(b[:len(b):len(b)], 0xc1)
	f.write(b)
	r := recv(t, done, "the end of the call")
	failed(is, r.err, service.ErrLost, 502)
	is.True(errors.Is(r.err, wire.ErrMalformed)) // and why
	is.Equal(c.Stats(), service.Stats{Malformed: 1})

	f.write([]byte{0x92, 1, 99})       // kind 99
	f.write([]byte{0x93, 99, 2, 0xc0}) // version 99
	await(t, "they are counted", func() bool { return c.Stats().Malformed == 3 })
	done = ask(t.Context(), c, "/")
	f.answer(next[*wire.Request](f).ID, "still here")
	is.Equal(recv(t, done, "an answer").Text(), "still here") // they were ignored

	f.write([]byte("garbage"))
	is.True(errors.Is(recv(t, f.gone, "the end of the peer"), transport.ErrPeerGone))
}

// TestForwardToNobody: the call ends in an error that says so, and leaves nothing behind.
func TestForwardToNobody(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	addr := servicetest.Addr()
	c := newClient(t, addr)
	f := fakeInstance(t, c, addr, 8)
	done := ask(t.Context(), c, "/")
	f.say(&wire.Forward{ID: next[*wire.Request](f).ID, Service: "other", Path: "/", Method: "get"})
	r := recv(t, done, "the answer")
	failed(is, r.err, service.ErrUnknownService, 502)
	is.Equal(c.Leftovers(), nil)
}

// TestWrongSide: messages that only apps send cut an instance.
func TestWrongSide(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	addr := servicetest.Addr()
	c := newClient(t, addr)
	f := fakeInstance(t, c, addr, 8)
	f.say(&wire.Cancel{})
	is.True(errors.Is(recv(t, f.gone, "the end of the peer"), transport.ErrPeerGone))
}

// TestHelloIsChecked: who serves something else, or speaks another language, takes no requests.
func TestHelloIsChecked(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*wire.Hello){
		"another service": func(h *wire.Hello) { h.Service = "other" },
		"newer versions":  func(h *wire.Hello) { h.MinVersion, h.MaxVersion = wire.Version+1, wire.Version+2 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			var log journal
			addr := servicetest.Addr()
			c := newClient(t, addr, service.WithWait(0), service.WithLogger(log.logger()))
			h := instanceHello(8)
			change(h)
			f := newFake(t, transport.Instance, addr, h)
			recv(t, f.gone, "it was cut")
			_, err := c.Call(t.Context(), svc, &handler.Request{Path: "/"})
			failed(is, err, service.ErrUnavailable, 503)
			await(t, "the log says why", func() bool { return strings.Contains(log.String(), "protocol violation: it ") })
		})
	}
}

// TestVersionRangesOverlap: a newer instance that still speaks ours is welcome.
func TestVersionRangesOverlap(t *testing.T) {
	t.Parallel()
	addr := servicetest.Addr()
	c := newClient(t, addr)
	h := instanceHello(8)
	h.MaxVersion = wire.Version + 5
	newFake(t, transport.Instance, addr, h)
	ready(t, c)
}

// TestPlainInstance: one that never says hello takes requests after a second, 64 at a time, on every path.
func TestPlainInstance(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		addr := servicetest.Addr()
		c := newClient(t, addr)
		began := time.Now()
		f := newFake(t, transport.Instance, addr, nil)
		ready(t, c)
		is.Equal(time.Since(began), service.PlainAfter)
		var calls []<-chan result
		for range service.PlainWindow + 1 {
			calls = append(calls, ask(t.Context(), c, "/any/path"))
		}
		synctest.Wait()
		is.Equal(c.Waiting(svc), 1) // one too many
		for range service.PlainWindow + 1 {
			f.answer(next[*wire.Request](f).ID, "plain")
		}
		for _, done := range calls {
			is.Equal((<-done).Text(), "plain")
		}

		f.say(instanceHello(2)) // better late than never
		synctest.Wait()
		for range 3 {
			ask(t.Context(), c, "/")
		}
		synctest.Wait()
		is.Equal(c.Waiting(svc), 1) // now its own window counts
		for range 2 {
			f.answer(next[*wire.Request](f).ID, "")
		}
		f.answer(next[*wire.Request](f).ID, "")
		synctest.Wait()
	})
}
