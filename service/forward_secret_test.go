package service_test

import (
	"slices"
	"testing"

	"github.com/matryer/is"

	"quartet/service"
	"quartet/service/servicetest"
	"quartet/transport"
	"quartet/transport/wire"
)

// reader is a raw instance that keeps what the app says of itself.
type reader struct {
	peer *transport.Peer
	told chan []string // the services of each hello
	got  chan *wire.Request
}

func (r *reader) Receive(m transport.Message) {
	m.Release()
	switch msg, _ := wire.Decode(m.Frame); msg := msg.(type) {
	case *wire.Hello:
		r.told <- msg.Services
	case *wire.Request:
		r.got <- msg
	}
}

func (r *reader) Closed(error) {}

// newReader is an instance of a service, which must hold the secret of the app.
func newReader(t testing.TB, name string, addr service.Addr, s service.Secret) *reader {
	t.Helper()
	hello := instanceHello(8)
	hello.Service = name
	a, err := transport.ParseAddr(addr.Requests, addr.Responses)
	if err != nil {
		t.Fatal(err)
	}
	up := make(chan *reader, 1)
	d, err := transport.Dial(a, transport.Config{Side: transport.Instance, Secret: s, Accept: func(p *transport.Peer) transport.Receiver {
		r := &reader{peer: p, told: make(chan []string, 64), got: make(chan *wire.Request, 64)}
		p.Send(frame(t, hello))
		up <- r
		return r
	}})
	if err != nil {
		t.Fatal(err)
	}
	r := recv(t, up, "the peer of a raw instance")
	t.Cleanup(func() {
		d.Close()
		r.peer.Abort(nil)
		<-r.peer.Done()
	})
	return r
}

// untilTold waits for a hello with these services.
func (r *reader) untilTold(t testing.TB, want ...string) {
	t.Helper()
	for !slices.Equal(recv(t, r.told, "a hello with those services"), want) {
	}
}

// forwardsTo answers the next request with a forward, whatever the app said.
func (r *reader) forwardsTo(t testing.TB, c *service.Client, name string) result {
	t.Helper()
	done := ask(t.Context(), c, "/")
	id := recv(t, r.got, "the request").ID
	if _, err := r.peer.Send(frame(t, &wire.Forward{ID: id, Service: name, Path: "/", Method: "get"})); err != nil {
		t.Fatal(err)
	}
	return recv(t, done, "the end")
}

// TestForwardAcrossSecrets: an instance hears only of services that are called with its own secret, and reaches no other.
func TestForwardAcrossSecrets(t *testing.T) {
	t.Parallel()
	for _, w := range []world{{ipc: true}, {}} { // without a secret nobody proves anything, and yet
		is := is.New(t)
		addr, friend, foe := w.addr(t), w.addr(t), w.addr(t)
		one, two := tcpSecret(t, 1), tcpSecret(t, 2)
		c := newClient(t, addr, service.WithSecret(one))
		hold(t, c, "friend", friend)
		serve(t, c, "friend", echo, friend, service.WithSecret(one))
		hold(t, c, "foe", foe, service.WithSecret(two))
		serve(t, c, "foe", echo, foe, service.WithSecret(two))
		r := newReader(t, svc, addr, one)
		ready(t, c)
		is.Equal(recv(t, r.told, "the hello"), []string{svc, "friend"}) // not the foe
		is.NoErr(r.forwardsTo(t, c, "friend").err)
		got := r.forwardsTo(t, c, "foe")
		failed(is, got.err, service.ErrUnknownService, 502)
		is.True(got.err.Error() != "")
		is.Equal(c.Leftovers(), nil)
		is.Equal(recv(t, newReader(t, "foe", foe, two).told, "the hello"), []string{"foe"}) // nor the other way
	}
}

// TestForwardBetweenServersOfTwoSecrets: the one that would forward is not asked to, and says why.
func TestForwardBetweenServersOfTwoSecrets(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	w := world{ipc: true}
	addr, foe := w.addr(t), w.addr(t)
	c := newClient(t, addr)
	hold(t, c, "foe", foe, service.WithSecret(tcpSecret(t, 2)))
	serve(t, c, "foe", echo, foe, service.WithSecret(tcpSecret(t, 2)))
	serve(t, c, svc, forwards("foe", ""), addr)
	refusedWith(is, recv(t, ask(t.Context(), c, "/"), "the answer"), "the service forwards to one that its app does not hold")
}

// TestForwardWhileRotating: one key in common is enough, and its end is the end of it.
func TestForwardWhileRotating(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	w := world{ipc: true}
	addr, next := w.addr(t), w.addr(t)
	c := newClient(t, addr, service.WithSecret(tcpSecret(t, 1)))
	hold(t, c, beyond, next, service.WithSecret(tcpSecret(t, 2))) // of its own
	serve(t, c, beyond, echo, next, service.WithSecret(tcpSecret(t, 2)))
	r := newReader(t, svc, addr, tcpSecret(t, 1))
	ready(t, c)
	r.untilTold(t, svc)
	for range 2 {
		failed(is, r.forwardsTo(t, c, beyond).err, service.ErrUnknownService, 502)
		c.SetSecret(tcpSecret(t, 1, 2))
		r.untilTold(t, beyond, svc) // who is there hears of it
		is.NoErr(r.forwardsTo(t, c, beyond).err)
		c.SetSecret(tcpSecret(t, 1))
		r.untilTold(t, svc)
	}
}

// TestHelloFollowsRegistrations: who is there hears of services that come and go.
func TestHelloFollowsRegistrations(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	addr := servicetest.Addr()
	c := newClient(t, addr)
	r := newReader(t, svc, addr, secret)
	ready(t, c)
	r.untilTold(t, svc)
	hold(t, c, "a", servicetest.Addr())
	r.untilTold(t, "a", svc)
	hold(t, c, "z", servicetest.Addr())
	r.untilTold(t, "a", svc, "z")
	is.NoErr(c.Unregister(t.Context(), "a"))
	r.untilTold(t, svc, "z")
	failed(is, r.forwardsTo(t, c, "a").err, service.ErrUnknownService, 502)
}
