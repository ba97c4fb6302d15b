package service_test

import (
	"context"
	"errors"
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

// fakeApp is a server with one app, which is played by the test.
func fakeApp(t testing.TB, h handler.Handler, o ...service.ServerOption) (*fake, *service.Server) {
	t.Helper()
	addr := servicetest.Addr()
	addr.ServiceBinds = true
	s := newServer(t, h, addr, o...)
	return newFake(t, transport.App, addr, appHello()), s
}

func request(path string, left time.Duration) *wire.Request {
	return &wire.Request{Path: path, Method: handler.MethodRequest, Left: left}
}

// TestWindowIsEnforced against an app that takes no notice of it.
func TestWindowIsEnforced(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	g := newGate()
	defer g.Open()
	f, s := fakeApp(t, g, service.WithWindow(2, 1<<20))
	for n := range 5 {
		r := request("/", time.Minute)
		r.ID = wire.ID{byte(n)}
		f.say(r)
	}
	for n := range 3 {
		refusal := next[*wire.Response](f)
		is.Equal(refusal.ID, wire.ID{byte(n + 2)})
		is.Equal(refusal.Outcome, wire.OutcomeOverloaded)
		is.Equal(refusal.Reason, "the window is full")
	}
	is.Equal(s.Stats(), service.ServerStats{Apps: 1, Running: 2})
	g.Open()
	for range 2 {
		is.Equal(next[*wire.Response](f).Outcome, wire.OutcomeAnswered) // the two that fit
	}
	await(t, "nothing is left", func() bool { return s.Leftovers() == nil })
}

// TestWindowBytesAreEnforced as well.
func TestWindowBytesAreEnforced(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	g := newGate()
	defer g.Open()
	f, _ := fakeApp(t, g, service.WithWindow(100, 10_000))
	for n := range 2 {
		r := request("/", time.Minute)
		r.ID, r.Body = wire.ID{byte(n)}, make([]byte, 6_000)
		f.say(r)
	}
	refusal := next[*wire.Response](f)
	is.Equal(refusal.ID, wire.ID{1})
	is.Equal(refusal.Outcome, wire.OutcomeOverloaded)
}

// TestDuplicateID cuts the peer: it could not tell the answers apart.
func TestDuplicateID(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	g := newGate()
	f, s := fakeApp(t, g)
	f.say(request("/", time.Minute))
	recv(t, g.entered, "the handler began")
	f.say(request("/", time.Minute))
	is.True(errors.Is(recv(t, f.gone, "it was cut"), transport.ErrPeerGone))
	is.Equal(recv(t, g.ended, "the handler was told"), context.Canceled) // nobody waits
	await(t, "nothing is left", func() bool { return s.Leftovers() == nil && s.Stats().Apps == 0 })
	is.Equal(len(g.entered), 0) // the second did not run
}

// TestBrokenApps: what an app may not say cuts it; a request that cannot be read is answered.
func TestBrokenApps(t *testing.T) {
	t.Parallel()
	for name, say := range map[string]func(t *testing.T, f *fake){
		"a response":     func(t *testing.T, f *fake) { f.say(&wire.Response{Method: "response", Status: 200}) },
		"garbage":        func(t *testing.T, f *fake) { f.write([]byte("garbage")) },
		"newer versions": func(t *testing.T, f *fake) { h := appHello(); h.MinVersion, h.MaxVersion = 99, 99; f.say(h) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, s := fakeApp(t, echo)
			say(t, f)
			recv(t, f.gone, "it was cut")
			await(t, "it is forgotten", func() bool { return s.Stats().Apps == 0 })
		})
	}
	t.Run("an unreadable request", func(t *testing.T) {
		t.Parallel()
		is := is.New(t)
		f, _ := fakeApp(t, echo)
		r := request("/", time.Minute)
		r.ID = wire.ID{7}
		f.write(append(frame(t, r), 0xc1))
		answer := next[*wire.Response](f)
		is.Equal(answer.ID, r.ID)
		is.Equal(answer.Status, 400)
		f.write([]byte{0x92, 1, 99}) // an unknown kind is ignored
		r.ID = wire.ID{8}
		f.say(r)
		is.Equal(next[*wire.Response](f).Status, 200)
	})
}

// TestDeadlineOfAHandler follows the clock of a bubble: the time left arrives in its context, less what the
// request lay in buffers.
func TestDeadlineOfAHandler(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		left := make(chan time.Duration, 1)
		f, _ := fakeApp(t, handler.Func(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
			deadline, _ := ctx.Deadline()
			left <- time.Until(deadline)
			return &handler.Response{}, nil
		}))
		began := time.Now()
		say := func(id byte, sent time.Duration) {
			r := request("/", 10*time.Second)
			r.ID, r.Sent = wire.ID{id}, (time.Hour + sent).Microseconds() // of a clock of its own
			f.say(r)
		}
		say(1, 0)
		is.Equal(next[*wire.Response](f).ID, wire.ID{1})
		is.Equal(<-left, 10*time.Second) // the first sets the measure
		time.Sleep(time.Minute)
		say(2, time.Since(began))
		is.Equal(next[*wire.Response](f).ID, wire.ID{2})
		is.Equal(<-left, 10*time.Second) // it was not delayed
		say(3, time.Since(began)-4*time.Second)
		is.Equal(next[*wire.Response](f).ID, wire.ID{3})
		is.Equal(<-left, 6*time.Second) // it was, by 4 s
		say(4, time.Since(began)-10*time.Second)
		is.Equal(next[*wire.Response](f).Outcome, wire.OutcomeExpired)
		is.Equal(len(left), 0) // too late to run
	})
}

// TestExpiredInTheQueue: what waited too long does not run, and its place is free at once.
func TestExpiredInTheQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		g := newGate()
		f, s := fakeApp(t, g, service.WithConcurrency(1))
		for n, left := range []time.Duration{time.Minute, time.Second, time.Minute} {
			r := request("/", left)
			r.ID = wire.ID{byte(n)}
			f.say(r)
		}
		synctest.Wait()
		is.Equal(s.Stats(), service.ServerStats{Apps: 1, Running: 1, Queued: 2})
		time.Sleep(2 * time.Second)
		g.Open()
		is.Equal(next[*wire.Response](f).ID, wire.ID{0})
		expired := next[*wire.Response](f)
		is.Equal(expired.ID, wire.ID{1})
		is.Equal(expired.Outcome, wire.OutcomeExpired)
		is.Equal(next[*wire.Response](f).ID, wire.ID{2})
		synctest.Wait()
		is.Equal(len(g.entered), 2) // it did not run
		is.Equal(s.Leftovers(), nil)
	})
}

// TestCancelInTheQueue: what nobody waits for does not run, and has its final message.
func TestCancelInTheQueue(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	g := newGate()
	f, s := fakeApp(t, g, service.WithConcurrency(1))
	for n := range 3 {
		r := request("/", time.Minute)
		r.ID = wire.ID{byte(n)}
		f.say(r)
	}
	f.say(&wire.Cancel{ID: wire.ID{1}})
	final := next[*wire.Response](f)
	is.Equal(final.ID, wire.ID{1})
	is.Equal(final.Outcome, wire.OutcomeExpired)
	f.say(&wire.Cancel{ID: wire.ID{1}}) // again, and of what never was: no harm
	f.say(&wire.Cancel{ID: wire.ID{99}})
	g.Open()
	is.Equal(next[*wire.Response](f).ID, wire.ID{0})
	is.Equal(next[*wire.Response](f).ID, wire.ID{2}) // the queue goes on in order
	await(t, "nothing is left", func() bool { return s.Leftovers() == nil })
	is.Equal(len(g.entered), 2)
	f.noMore(is)
}

// TestBacklog: what fits neither the handlers nor the queue is refused at once, with a reason.
func TestBacklog(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	g := newGate()
	f, s := fakeApp(t, g, service.WithConcurrency(2), service.WithBacklog(3))
	for n := range 7 {
		r := request("/", time.Minute)
		r.ID = wire.ID{byte(n)}
		f.say(r)
	}
	for n := range 2 {
		refusal := next[*wire.Response](f)
		is.Equal(refusal.ID, wire.ID{byte(n + 5)})
		is.Equal(refusal.Outcome, wire.OutcomeOverloaded)
		is.Equal(refusal.Reason, "the backlog is full")
		is.Equal(refusal.Load, uint32(5)) // so that the app knows how it stands
	}
	is.Equal(s.Stats(), service.ServerStats{Apps: 1, Running: 2, Queued: 3})
	g.Open()
	for range 5 {
		is.Equal(next[*wire.Response](f).Outcome, wire.OutcomeAnswered)
	}
}
