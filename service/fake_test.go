package service_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/service"
	"quartet/transport"
	"quartet/transport/wire"
)

// fake is a raw peer that speaks the wire by hand: an instance towards a client, or an app towards a server.
type fake struct {
	t    testing.TB
	peer *transport.Peer
	got  chan wire.Message // what came, but for hello and bye
	bye  chan struct{}
	gone chan error
}

// Receive implements transport.Receiver.
func (f *fake) Receive(m transport.Message) {
	m.Release()
	switch msg, err := wire.Decode(m.Frame); msg := msg.(type) {
	case nil:
		f.t.Errorf("a fake got something unreadable: %v", err)
	case *wire.Hello:
	case *wire.Bye:
		f.bye <- struct{}{}
	default:
		f.got <- msg
	}
}

// Closed implements transport.Receiver.
func (f *fake) Closed(cause error) { f.gone <- cause }

// newFake dials an address and says hello, if it is given one.
func newFake(t testing.TB, side transport.Side, addr service.Addr, hello wire.Message) *fake {
	t.Helper()
	a, err := transport.ParseAddr(addr.Requests, addr.Responses)
	if err != nil {
		t.Fatal(err)
	}
	up := make(chan *fake, 1)
	var there atomic.Bool
	d, err := transport.Dial(a, transport.Config{Side: side, Secret: secret, Accept: func(p *transport.Peer) transport.Receiver {
		if there.Swap(true) { // one is enough
			return nil
		}
		f := &fake{
			t: t, peer: p, got: make(chan wire.Message, 4096), bye: make(chan struct{}, 4), gone: make(chan error, 1),
		}
		if hello != nil {
			f.say(hello)
		}
		up <- f
		return f
	}})
	if err != nil {
		t.Fatal(err)
	}
	f := recv(t, up, "the peer of a fake")
	t.Cleanup(func() {
		d.Close()
		f.peer.Abort(nil)
		<-f.peer.Done()
	})
	return f
}

// instanceHello is what an instance of svc says; window is in messages.
func instanceHello(window uint32) *wire.Hello {
	return &wire.Hello{
		Instance: strings.Repeat("ab", 16), Name: "fake", MinVersion: wire.MinVersion, MaxVersion: wire.Version,
		Service: svc, WindowMessages: window, WindowBytes: service.DefaultWindowBytes,
	}
}

func appHello() *wire.Hello {
	return &wire.Hello{Instance: strings.Repeat("cd", 16), Name: "fake", MinVersion: wire.MinVersion, MaxVersion: wire.Version}
}

// fakeInstance is a client with one instance, which is played by the test.
func fakeInstance(t testing.TB, c *service.Client, addr service.Addr, window uint32) *fake {
	t.Helper()
	f := newFake(t, transport.Instance, addr, instanceHello(window))
	ready(t, c)
	return f
}

// frame encodes a message.
func frame(t testing.TB, m wire.Message) []byte {
	t.Helper()
	b, err := wire.Append(nil, m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (f *fake) say(m wire.Message) {
	f.t.Helper()
	f.write(frame(f.t, m))
}

func (f *fake) write(frame []byte) {
	f.t.Helper()
	if _, err := f.peer.Send(frame); err != nil {
		f.t.Errorf("a fake cannot write: %v", err)
	}
}

// next waits for the next message, which must be of type M.
func next[M wire.Message](f *fake) M {
	f.t.Helper()
	m := recv(f.t, f.got, fmt.Sprintf("a %T", *new(M)))
	got, ok := m.(M)
	if !ok {
		f.t.Fatalf("got %+v instead of a %T", m, got)
	}
	return got
}

// answer says 200 and a text.
func (f *fake) answer(id wire.ID, text string) {
	f.t.Helper()
	w := handler.Text(text).ToWire()
	w.ID = id
	f.say(w)
}

// refuse says that the handler did not run.
func (f *fake) refuse(id wire.ID, o wire.Outcome, reason string) {
	f.t.Helper()
	f.say(&wire.Response{ID: id, Outcome: o, Method: handler.MethodResponse, Status: 503, Reason: reason})
}

// noMore says that nothing else came.
func (f *fake) noMore(is *is.I) {
	is.Helper()
	select {
	case m := <-f.got:
		f.t.Logf("%+v", m)
		is.Fail() // nothing else was sent
	default:
	}
}
