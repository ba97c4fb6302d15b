package transporttest

import (
	"errors"
	"fmt"
	"strings"

	"quartet/transport"
)

var crowdCases = []testCase{
	{name: "many peers at one binder", run: manyPeers},
	{name: "peers come and go", run: comeAndGo},
}

// manyPeers: an answer goes to the peer it is meant for and to no other.
func manyPeers(e *env) {
	const peers, each = 16, 50
	l := e.listen()
	dialled := make([]*peer, peers)
	for i := range dialled {
		dialled[i] = e.peer(e.dial())
	}
	answered := make(chan error, 1)
	go func() {
		answered <- together(peers, func(int) error {
			bound := <-l.peers
			for range each {
				question, err := bound.next()
				if err != nil {
					return err
				}
				if err := bound.SendWithin(patience, append([]byte("answer to "), question.Frame...)); err != nil {
					return err
				}
			}
			return nil
		})
	}()
	e.NoErr(together(peers, func(i int) error {
		for n := range each {
			question := fmt.Sprintf("question %d of dialler %d", n, i)
			if err := dialled[i].SendWithin(patience, []byte(question)); err != nil {
				return err
			}
			if got := dialled[i].nextText(); got != "answer to "+question {
				return fmt.Errorf("%q was answered by %q", question, got)
			}
		}
		return nil
	}))
	e.NoErr(<-answered)
	for _, p := range dialled {
		e.Equal(p.count(), each) // one answer to each question
	}
}

// comeAndGo: neither the ends of others nor their beginnings disturb a peer.
func comeAndGo(e *env) {
	const visitors = 20
	l, resident := e.listen(), e.dial()
	bound, dialled := e.peer(l), e.peer(resident)
	left := make(chan error, 1)
	go func() {
		left <- together(4, func(int) error {
			for range visitors / 4 {
				if err := e.visit(); err != nil {
					return err
				}
			}
			return nil
		})
	}()
	for n := 0; ; n++ {
		word := fmt.Sprint("word ", n)
		e.send(dialled, word)
		e.Equal(bound.nextText(), word) // it arrives, once and in order
		select {
		case err := <-left:
			e.NoErr(err) // every visitor was served
			for range visitors {
				e.True(strings.HasPrefix(e.peer(l).nextText(), "visitor")) // by the binder
			}
			return
		default:
		}
	}
}

func (e *env) visit() error {
	n := newEnd()
	d, err := transport.Dial(e.addr, e.config(e.dialler(), n, nil, nil))
	if err != nil {
		return err
	}
	p := <-n.peers
	d.Close() // or it would dial anew
	if err := p.SendWithin(patience, []byte("visitor "+p.String())); err != nil {
		return err
	}
	p.Close()
	if err := p.end(); !errors.Is(err, transport.ErrClosed) {
		return fmt.Errorf("a visitor ends by %w", err)
	}
	return nil
}
