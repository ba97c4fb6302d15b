package service_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"quartet/handler"
	"quartet/service"
	"quartet/service/servicetest"
	"quartet/transport"
	"quartet/transport/wire"

	"github.com/matryer/is"
)

// siegeLimit is how long anything may take here that should happen at once; machines are busy.
const siegeLimit = 20 * time.Second

const siegeKey = "6b2f0f4c4a0c9e0f7d1b5a3e8c6d4f2b1a09f8e7d6c5b4a39281706f5e4d3c2b"

var siegeSecret = func() service.Secret {
	s, err := service.ParseSecret([]byte(siegeKey))
	if err != nil {
		panic(err)
	}
	return s
}()

// siege is an honest client and an honest server that talk all the time, while rogues, who know the secret,
// turn on one of the two: the victim.
type siege struct {
	*is.I
	t      *testing.T
	client *service.Client
	server *service.Server
	honest *steady
	rogues []*rogue
	side   transport.Side // what the rogues take themselves for
	home   service.Addr   // where the honest meet

	served atomic.Int64 // executions of /good
	bad    atomic.Int64 // executions of anything else
	events chan service.Event
	unless chan struct{} // closed at the end: handlers of /block wait for it, or for their context
}

// eachBinding runs a siege with the victim listening and with the victim dialling.
func eachBinding(t *testing.T, f func(t *testing.T, victimBinds bool)) {
	t.Run("the victim listens", func(t *testing.T) { f(t, true) })
	t.Run("the victim dials", func(t *testing.T) { f(t, false) })
}

// besiegeServer has n rogues at the server, which take themselves for apps.
func besiegeServer(t *testing.T, victimBinds bool, n int, o ...service.ServerOption) *siege {
	home, others := siegeAddrs(t, victimBinds, victimBinds, n)
	s := newSiege(t, transport.App, home)
	s.recruit(n, s.side, home, others)
	s.start(home, []service.Addr{home}, append([]service.Addr{home}, others...), o)
	return s
}

// besiegeClient has n rogues at the client, which take themselves for instances.
func besiegeClient(t *testing.T, victimBinds bool, n int, o ...service.ClientOption) *siege {
	home, others := siegeAddrs(t, victimBinds, !victimBinds, n)
	s := newSiege(t, transport.Instance, home)
	s.recruit(n, s.side, home, others)
	s.start(home, append([]service.Addr{home}, others...), []service.Addr{home}, nil, o...)
	return s
}

func newSiege(t *testing.T, rogues transport.Side, home service.Addr) *siege {
	t.Helper()
	return &siege{
		I: is.New(t), t: t, side: rogues, home: home, events: make(chan service.Event, 1<<14), unless: make(chan struct{}),
	}
}

// siegeAddrs are the address at which the honest meet, and one for each rogue where the victim dials: where
// it listens, the rogues come to where the honest are.
func siegeAddrs(t *testing.T, victimBinds, serviceBinds bool, n int) (home service.Addr, others []service.Addr) {
	dir := t.TempDir()
	addr := func(name string) service.Addr {
		path := "ipc://" + filepath.Join(dir, name)
		return service.Addr{Requests: path + "q", Responses: path + "r", ServiceBinds: serviceBinds}
	}
	if victimBinds {
		return addr("h"), nil
	}
	for i := range n {
		others = append(others, addr(fmt.Sprint(i)))
	}
	return addr("h"), others
}

// recruit has n rogues listen, each at his own address; for want of those they wait until they are let loose.
func (s *siege) recruit(n int, side transport.Side, home service.Addr, others []service.Addr) {
	for i := range n {
		r := &rogue{t: s.t, side: side, got: make(chan wire.Message, 64), gone: make(chan error, 1), here: make(chan struct{})}
		s.rogues = append(s.rogues, r)
		cfg := transport.Config{Side: side, Secret: siegeSecret, Accept: r.accept, Dead: time.Hour} // a rogue never gives up
		if others == nil {
			r.dial = func() { s.open(r, home, func(a transport.Addr) (node, error) { return transport.Dial(a, cfg) }) }
			continue
		}
		r.dial = func() {}
		s.open(r, others[i], func(a transport.Addr) (node, error) { return transport.Listen(a, cfg) })
	}
}

func (s *siege) open(r *rogue, at service.Addr, how func(transport.Addr) (node, error)) {
	s.t.Helper()
	addr, err := transport.ParseAddr(at.Requests, at.Responses)
	s.NoErr(err) // the address is one
	r.node, err = how(addr)
	s.NoErr(err) // a rogue can listen, or dial
	s.t.Cleanup(r.leave)
}

// node is what a rogue listens or dials with.
type node interface{ Close() error }

func (s *siege) start(home service.Addr, clientAddrs, serverAddrs []service.Addr, so []service.ServerOption, co ...service.ClientOption) {
	s.t.Helper()
	hook := service.WithHook(func(e service.Event) {
		select {
		case s.events <- e:
		default: // who looks at events looks in time
		}
	})
	s.client = service.NewClient(append([]service.ClientOption{service.WithSecret(siegeSecret), hook}, co...)...)
	s.NoErr(s.client.Register("slow", clientAddrs)) // the client takes its addresses
	s.server = service.NewServer("slow", s.routes(), append([]service.ServerOption{service.WithSecret(siegeSecret), hook}, so...)...)
	served := make(chan error, 1)
	go func() { served <- s.server.Serve(serverAddrs...) }()
	s.t.Cleanup(func() {
		close(s.unless)
		ctx, cancel := context.WithTimeout(context.Background(), servicetest.Grace)
		defer cancel()
		s.client.Close()
		s.server.Close()
		select {
		case err := <-served:
			if err != service.ErrClosed {
				s.t.Errorf("serve: %v", err)
			}
		case <-ctx.Done():
			s.t.Error("the server does not end")
		}
	})
	ctx, cancel := context.WithTimeout(s.t.Context(), siegeLimit)
	defer cancel()
	for s.client.Ready(ctx, "slow") == nil { // the honest instance, not a rogue that counts as plain
		if reply, err := s.client.Call(ctx, "slow", &handler.Request{Path: "/good"}); err == nil && reply.Code() == 200 {
			break
		}
	}
	s.NoErr(ctx.Err()) // the honest have met
	s.honest = newSteady(s.client)
	for _, r := range s.rogues {
		s.meet(r)
	}
}

func (s *siege) meet(r *rogue) {
	s.t.Helper()
	r.dial()
	select {
	case <-r.here:
		r.node.Close() // one peer is enough
	case <-time.After(siegeLimit):
		s.t.Fatal("a rogue found no victim")
	}
}

// another is one more rogue, where the victim listens, and his number. Those that are gone are forgotten.
func (s *siege) another() (*rogue, int) {
	s.t.Helper()
	for _, r := range s.rogues {
		if r.Peer != nil && r.ended() {
			r.Peer = nil
		}
	}
	s.recruit(1, s.side, s.home, nil)
	r := s.rogues[len(s.rogues)-1]
	s.meet(r)
	return r, len(s.rogues) - 1
}

// routes serve /good to the honest, and count what the rogues get to run.
func (s *siege) routes() handler.Handler {
	var mux handler.Mux
	mux.Handle("/good", handler.Func(func(_ context.Context, r *handler.Request) (*handler.Response, error) {
		s.served.Add(1)
		return &handler.Response{Body: r.Body}, nil
	}))
	mux.Handle("/bad", handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) {
		s.bad.Add(1)
		return &handler.Response{}, nil
	}))
	mux.Handle("/left", handler.Func(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
		deadline, ok := ctx.Deadline()
		if !ok {
			return handler.Text("for ever"), nil
		}
		return handler.Text(time.Until(deadline).String()), nil
	}))
	mux.Handle("/block", handler.Func(func(ctx context.Context, r *handler.Request) (*handler.Response, error) {
		s.bad.Add(1)
		select {
		case <-ctx.Done():
		case <-s.unless:
		}
		return &handler.Response{Body: r.Body}, nil
	}))
	mux.Handle("/large", handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) {
		s.bad.Add(1)
		return &handler.Response{Body: make([]byte, service.DefaultMaxBody)}, nil
	}))
	return &mux
}

// end checks that the honest were served all the time.
func (s *siege) end() {
	s.t.Helper()
	calls, slowest, err := s.honest.end()
	s.NoErr(err)      // every honest call was answered
	s.True(calls > 0) // and there were some
	s.t.Logf("%d honest calls, the slowest took %v", calls, slowest)
}

// steady calls all the time, one call after the other, and stops at the first that fails.
type steady struct {
	stop    chan struct{}
	ended   chan error
	calls   int
	slowest time.Duration
	once    sync.Once
}

func newSteady(c service.Caller) *steady {
	s := &steady{stop: make(chan struct{}), ended: make(chan error, 1)}
	go func() { s.ended <- s.run(c) }()
	return s
}

func (s *steady) run(c service.Caller) error {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-s.stop:
			if s.calls > 0 {
				return nil
			}
		case <-tick.C:
		}
		began, body := time.Now(), fmt.Sprint("call ", s.calls)
		reply, err := c.Call(context.Background(), "slow", &handler.Request{Path: "/good", Body: []byte(body)}, service.WithTimeout(siegeLimit))
		switch {
		case err != nil:
			return fmt.Errorf("%s after %v: %w", body, time.Since(began), err)
		case reply.Code() != 200 || string(reply.Body) != body:
			return fmt.Errorf("%s was answered by %d %.40q", body, reply.Code(), reply.Body)
		}
		s.calls++
		s.slowest = max(s.slowest, time.Since(began))
	}
}

func (s *steady) end() (calls int, slowest time.Duration, err error) {
	s.once.Do(func() { close(s.stop) })
	err = <-s.ended
	return s.calls, s.slowest, err
}
