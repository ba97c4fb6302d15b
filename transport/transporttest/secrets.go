package transporttest

import (
	"errors"
	"strings"

	"quartet/transport"
)

var secretCases = []testCase{
	{name: "a wrong secret never connects", run: wrongSecret},
	{name: "secrets are rotated without a gap", run: rotation},
}

var ( // keys, which unlike pass phrases cost nothing to read
	oldLine = strings.Repeat("01d0", 16) + "\n"
	newLine = strings.Repeat("4e10", 16) + "\n"
)

func wrongSecret(e *env) {
	l, d := e.listen(withSecret(mustSecret(oldLine))), e.dial(withSecret(mustSecret(newLine)))
	e.True(errors.Is(e.event(d, transport.HandshakeFailed).Err, transport.ErrRefused)) // the dialler is told why
	e.True(errors.Is(e.event(l, transport.HandshakeFailed).Err, transport.ErrRefused)) // the binder knows, too
	e.True(e.event(d, transport.Retrying).Next.Seconds() >= 5)                         // it does not hammer
	e.Equal(len(l.peers)+len(d.peers), 0)                                              // no peer came of it

	right := e.dial(withSecret(mustSecret(oldLine)))
	e.talk(e.peer(l), e.peer(right)) // the binder still serves
}

func rotation(e *env) {
	oldOnly, newOnly := mustSecret(oldLine), mustSecret(newLine)
	oldFirst, newFirst := mustSecret(oldLine+newLine), mustSecret(newLine+oldLine)
	for _, c := range []struct{ binder, dialler transport.Secret }{
		{oldFirst, oldOnly}, {oldFirst, newOnly}, {newFirst, oldOnly}, {newFirst, newOnly}, // the binder began
		{oldOnly, oldFirst}, {oldOnly, newFirst}, {newOnly, oldFirst}, {newOnly, newFirst}, // the dialler began
		{oldFirst, newFirst}, {newFirst, oldFirst}, // both are in the middle
	} {
		e.addr = e.suite.newAddr(e.t)
		l, d := e.listen(withSecret(c.binder)), e.dial(withSecret(c.dialler))
		e.talk(e.peer(l), e.peer(d))
	}

	e.addr = e.suite.newAddr(e.t)
	d := e.dial(withSecret(oldFirst))
	for _, s := range []transport.Secret{oldOnly, newOnly, oldOnly} { // a dialler's other secret is always tried at once
		l := e.listen(withSecret(s))
		bound, dialled := e.peer(l), e.peer(d)
		e.talk(bound, dialled)
		e.vanish(l)
		e.True(dialled.end() != nil)
	}
	for range len(d.events) {
		ev := <-d.events
		e.True(ev.Type != transport.Retrying || ev.Next.Seconds() < 5) // without the wait after a refusal
	}
}
