package service_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/matryer/is"

	"quartet/service"
	"quartet/service/servicetest"
)

// TestCanceledForward: the last handler hears that its caller has left.
func TestCanceledForward(t *testing.T) {
	t.Parallel()
	inEveryWorld(t, func(t *testing.T, addr service.Addr) {
		inBothWays(t, func(t *testing.T, relay bool) {
			is := is.New(t)
			g := newGate()
			defer g.Open()
			w := newWay(t, relay, beside(t, addr), forwards(beyond, ""), g)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			done := ask(ctx, w.app, "/")
			recv(t, g.entered, "it is there")
			cancel()
			failed(is, recv(t, done, "the end").err, service.ErrCanceled, 499)
			is.Equal(recv(t, g.ended, "the handler was told"), context.Canceled)
			w.rest(t)
		})
	})
}

// TestForwardOfAnAppThatDies: nobody waits for a call any more; what was sent is done.
func TestForwardOfAnAppThatDies(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	g := newGate()
	defer g.Open()
	got := make(receipts, 1)
	w := newWay(t, true, servicetest.Addr(), forwards(beyond, ""), g, service.WithResponses(got))
	done := ask(t.Context(), w.app, "/")
	recv(t, g.entered, "the call is there")
	send(t, w.app)
	recv(t, g.entered, "the Send is there")
	w.first.AbortApps(errKilled)
	failed(is, recv(t, done, "the end").err, service.ErrLost, 502)
	is.Equal(recv(t, got, "the receipt").Answer.Status, 502)
	is.Equal(recv(t, g.ended, "the handler of the call was told"), context.Canceled)
	await(t, "the relay of the Send is left", func() bool { return w.first.Stats().Running == 1 })
	g.Open()
	w.rest(t)
	is.Equal(len(g.ended), 0) // the handler of the Send was not
}

// TestServerShutdownWhileItForwards: what it has given away does not keep it, what it relays does.
func TestServerShutdownWhileItForwards(t *testing.T) {
	t.Parallel()
	inBothWays(t, func(t *testing.T, relay bool) {
		is := is.New(t)
		g := newGate()
		defer g.Open()
		w := newWay(t, relay, servicetest.Addr(), forwards(beyond, ""), g)
		done := ask(t.Context(), w.app, "/")
		recv(t, g.entered, "it is there")
		shut := inBackground(func() error { return w.first.Shutdown(context.Background()) })
		if relay {
			await(t, "it drains", func() bool { return w.app.Instances(svc) == 0 })
			g.Open()
		}
		is.NoErr(recv(t, shut, "the end of the server"))
		g.Open()
		r := recv(t, done, "the answer")
		is.NoErr(r.err)
		is.Equal(r.Text(), "done /")
		w.rest(t)
	})
}

// TestServerCutOffWhileItRelays: its caller hears that it is lost, and the last handler that nobody waits.
func TestServerCutOffWhileItRelays(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*service.Server) error{
		"its time is over": func(s *service.Server) error {
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
			defer cancel()
			if err := s.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
				return errors.New("nothing was cut off")
			}
			return nil
		},
		"closed": (*service.Server).Close,
		"killed": func(s *service.Server) error { s.AbortApps(errKilled); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			g := newGate()
			defer g.Open()
			w := newWay(t, true, servicetest.Addr(), forwards(beyond, ""), g)
			done := ask(t.Context(), w.app, "/")
			recv(t, g.entered, "it is there")
			is.NoErr(end(w.first))
			failed(is, recv(t, done, "the end").err, service.ErrLost, 502)
			is.Equal(recv(t, g.ended, "the last handler was told"), context.Canceled)
			w.rest(t)
		})
	}
}

// TestRelayClientClosed: the caller learns that it did not run.
func TestRelayClientClosed(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	w := newWay(t, true, servicetest.Addr(), forwards(beyond, ""), echo)
	is.NoErr(w.asks.Close())
	r := recv(t, ask(t.Context(), w.app, "/"), "the answer")
	is.NoErr(r.err)
	is.Equal(r.Code(), 503)
	is.Equal(r.Reason, "shutting down")
	w.rest(t)
}

// TestTimedCancelThroughForward: a caller that leaves reaches the context of the last handler within 50 ms.
func TestTimedCancelThroughForward(t *testing.T) {
	for name, relay := range ways {
		t.Run(name, func(t *testing.T) {
			g := newGate()
			w := newWay(t, relay, world{ipc: true}.addr(t), forwards(beyond, ""), g)
			p95(t, 100, 50*time.Millisecond, func() time.Duration {
				ctx, cancel := context.WithCancel(context.Background())
				done := ask(ctx, w.app, "/")
				recv(t, g.entered, "the handler began")
				began := time.Now()
				cancel()
				recv(t, g.ended, "the handler was told")
				tried := time.Since(began)
				recv(t, done, "the caller was told")
				return tried
			})
		})
	}
}
