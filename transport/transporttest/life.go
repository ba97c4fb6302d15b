package transporttest

import (
	"errors"

	"quartet/transport"
)

var lifeCases = []testCase{
	{name: "connect before bind", run: connectBeforeBind},
	{name: "the binder is gone and back", run: binderBack},
	{name: "the dialler is gone and back", run: diallerBack},
	{name: "a bound address is in use", run: addressInUse},
	{name: "a closed Listener leaves its peers alive", run: listenerCloses},
	{name: "a retired peer lives on beside the next", run: retire},
	{name: "a closed Dialer leaves its peer alive", run: dialerCloses},
}

// talk proves that a peer works both ways.
func (e *env) talk(a, b *peer) {
	e.t.Helper()
	e.send(a, "ping")
	e.send(b, "pong")
	e.Equal(b.nextText(), "ping") // one way
	e.Equal(a.nextText(), "pong") // the other way
}

func connectBeforeBind(e *env) {
	d := e.dial()
	e.event(d, transport.Retrying) // nobody is there
	l := e.listen()
	e.talk(e.peer(l), e.peer(d))
}

func binderBack(e *env) {
	d := e.dial()
	for range 2 {
		l := e.listen()
		bound, dialled := e.peer(l), e.peer(d)
		e.talk(bound, dialled)
		e.vanish(l)
		e.True(errors.Is(dialled.end(), transport.ErrPeerGone)) // the dialler notices
	}
	l := e.listen()
	e.talk(e.peer(l), e.peer(d)) // and comes back every time
}

func diallerBack(e *env) {
	l := e.listen()
	for range 3 {
		d := e.dial()
		bound, dialled := e.peer(l), e.peer(d)
		e.talk(bound, dialled)
		e.vanish(d)
		e.True(errors.Is(bound.end(), transport.ErrPeerGone)) // the binder notices
	}
}

func addressInUse(e *env) {
	l := e.listen()
	d := e.dial()
	bound, dialled := e.peer(l), e.peer(d)
	_, err := e.tryListen(nil)
	e.True(errors.Is(err, transport.ErrInUse)) // refused

	swapped := *e // a bound requests endpoint as somebody's responses endpoint is no better
	swapped.addr = transport.Addr{Requests: e.suite.newAddr(e.t).Requests, Responses: e.addr.Requests}
	_, err = swapped.tryListen(nil)
	e.True(errors.Is(err, transport.ErrInUse)) // refused, too
	half := *e
	half.addr.Requests, half.addr.Responses = swapped.addr.Requests, e.suite.newAddr(e.t).Responses
	half.listen()          // what the failed one had bound is free again
	e.talk(bound, dialled) // the first is not disturbed
	again := e.dial()
	e.talk(e.peer(l), e.peer(again)) // and takes newcomers
}

func listenerCloses(e *env) {
	l := e.listen()
	d := e.dial()
	bound, dialled := e.peer(l), e.peer(d)
	e.NoErr(l.close())
	e.talk(bound, dialled) // the peer does not notice
	e.NoErr(l.close())     // twice is no error

	stranger := e.dial()
	e.event(stranger, transport.Retrying) // but nobody else comes in
	next := e.listen()                    // the address is free at once
	e.talk(e.peer(next), e.peer(stranger))
	e.talk(bound, dialled)
}

func retire(e *env) {
	l := e.listen()
	d := e.dial()
	oldBound, oldDialled := e.peer(l), e.peer(d)
	e.NoErr(l.close())
	next := e.listen() // a successor
	oldDialled.Retire()
	oldDialled.Retire()                       // twice is once
	bound, dialled := e.peer(next), e.peer(d) // dialled anew
	e.talk(bound, dialled)
	e.talk(oldBound, oldDialled) // beside the old one
	oldBound.Close()
	e.True(errors.Is(oldDialled.end(), transport.ErrLeft)) // in good order
	e.talk(bound, dialled)                                 // the end of the old one does not matter
}

func dialerCloses(e *env) {
	l := e.listen()
	d := e.dial()
	bound, dialled := e.peer(l), e.peer(d)
	e.NoErr(d.close())
	e.NoErr(d.close()) // twice is no error
	e.talk(bound, dialled)
	dialled.Close()
	e.True(errors.Is(bound.end(), transport.ErrPeerGone))
	e.Equal(len(d.peers), 0) // and nothing is dialled again

	waiting := e.dial()
	e.NoErr(waiting.close()) // in the middle of dialling
}
