package transport

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"
)

// The tests of this file run on the clock of a bubble, over inproc: limits are exact there and cost no time.
// Those that hold a share of the budget are not parallel, since the budget is outside of the bubble.

// near says that a wait ended at its limit, give or take what polling adds.
func near(took, limit time.Duration) bool { return took >= limit && took <= limit+10*time.Millisecond }

func inBubble(t *testing.T, run func(t *testing.T, is *is.I)) {
	synctest.Test(t, func(t *testing.T) { run(t, is.New(t)) })
}

func TestSilentHandshakeEnds(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, is *is.I) {
		v := newNode(App, false)
		addr := newInproc(t)
		v.listen(t, addr)
		c, err := rawDial(addr.Requests)
		is.NoErr(err)
		defer c.Close()
		is.True(near(rawEnd(c), handshakeTimeout)) // at the limit
		synctest.Wait()
		is.Equal(v.count(HandshakeFailed, ErrTimeout), 1)
	})
}

func TestHalfPairsEnd(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		pair string
		life time.Duration
	}{"named": {newPair(), halfPairedLife}, "unnamed": {"", unnamedLife}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, is *is.I) {
				v := newNode(App, false)
				addr := newInproc(t)
				v.listen(t, addr)
				half, err := rawLink(addr, Instance, responses, c.pair)
				is.NoErr(err)
				defer half.Close()
				is.True(near(rawEnd(half), c.life)) // its twin did not come in time
				synctest.Wait()
				is.Equal(v.count(HandshakeFailed, ErrUnpaired), 1) // said aloud
				is.Equal(len(v.peers), 0)
				again, err := rawLink(addr, Instance, responses, c.pair)
				is.NoErr(err)
				defer again.Close()
				twin, err := rawLink(addr, Instance, requests, c.pair)
				is.NoErr(err) // the next pair is as welcome as ever
				defer twin.Close()
				is.Equal(v.peer(t).peer.Named(), c.pair != "")
			})
		})
	}
}

// goneBy lets goroutines that write to a connection see that it is closed: in a bubble without its first
// goroutine time stands still.
func goneBy() { time.Sleep(2 * time.Second) }

// rawPeer makes a raw pair and gives the binder's view of it, too.
func rawPeer(t *testing.T, is *is.I, v *node) (links [2]net.Conn, bound *inbox) {
	addr := newInproc(t)
	v.listen(t, addr)
	links, err := rawPair(addr, Instance)
	is.NoErr(err)
	t.Cleanup(func() { links[0].Close(); links[1].Close() })
	return links, v.peer(t)
}

func TestSilentPeerIsCut(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, is *is.I) {
		v := newNode(App, false)
		_, bound := rawPeer(t, is, v)
		start := time.Now()
		is.True(errors.Is(<-bound.end, ErrPeerSilent))
		is.True(near(time.Since(start), DefaultDead))
	})
}

func TestHeartbeats(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, is *is.I) {
		v := newNode(App, false)
		links, bound := rawPeer(t, is, v)
		for range 5 {
			start := time.Now()
			for _, c := range links { // both links carry them
				flags, body, err := rawRead(c)
				is.NoErr(err)
				is.Equal(string(body), "\x04PING\x00\x1e") // with a TTL of 3 s
				is.Equal(flags, byte(flagCommand))
				say(rawCommand("PONG", nil))(c)
			}
			is.True(near(time.Since(start), DefaultHeartbeat)) // after a second of silence
		}
		time.Sleep(DefaultHeartbeat / 2)
		bound.peer.Send([]byte("word"))
		start := time.Now()
		_, body, err := rawRead(links[requests])
		is.NoErr(err)
		is.Equal(string(body), "word")
		say(rawCommand("PONG", nil))(links[requests])
		_, body, err = rawRead(links[requests])
		is.NoErr(err)
		is.Equal(string(body), "\x04PING\x00\x1e")
		is.True(near(time.Since(start), DefaultHeartbeat)) // a message puts it off
	})
}

// TestBusySenderPings: a sender that is never silent must still hear of a peer that only answers.
func TestBusySenderPings(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, is *is.I) {
		app, instance := newNode(App, true), newNode(Instance, false)
		app.cfg.Heartbeat = -1 // it answers PING and sends none
		addr := newInproc(t)
		app.listen(t, addr)
		instance.dial(t, addr)
		busy := instance.peer(t)
		for range 100 {
			_, err := busy.peer.Send([]byte("word"))
			is.NoErr(err)                                // it lives
			is.Equal(string((<-busy.got).Frame), "word") // and is there
			time.Sleep(DefaultHeartbeat / 10)
		}
	})
}

// TestPlainPeerThatIsBusy: a plain PULL that does not answer PING lives as long as it takes messages.
func TestPlainPeerThatIsBusy(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, is *is.I) {
		v := newNode(App, false)
		links, bound := rawPeer(t, is, v)
		defer goneBy()
		bound.peer.SetPlain(true)
		go io.Copy(io.Discard, links[requests])
		go io.Copy(io.Discard, links[responses])
		for range 10 {
			time.Sleep(DefaultDead - DefaultHeartbeat)
			_, err := bound.peer.Send([]byte("work"))
			is.NoErr(err) // it takes messages, so it lives
			say(rawCommand("PONG", nil))(links[responses])
		}
		start := time.Now()
		go drip(bytes.Repeat(rawCommand("PONG", nil), 100), DefaultHeartbeat/10)(links[responses])
		is.True(errors.Is(<-bound.end, ErrPeerSilent))
		is.True(near(time.Since(start), DefaultDead+drainTimeout)) // that PINGs are taken proves nothing
	})
}

func TestPeerThatDoesNotReadIsCut(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, is *is.I) {
		v := newNode(App, false)
		v.cfg.Heartbeat = -1
		links, bound := rawPeer(t, is, v)
		for range 3 * pipeBuffer / 1000 {
			_, err := bound.peer.Send(make([]byte, 1000))
			is.NoErr(err)
		}
		for range 5 { // a little progress is progress
			time.Sleep(stallTimeout - time.Second)
			_, err := io.ReadFull(links[requests], make([]byte, 1000))
			is.NoErr(err)
		}
		start := time.Now()
		is.True(errors.Is(<-bound.end, ErrPeerStalled))
		took := time.Since(start)
		is.True(took > stallTimeout-time.Second && took <= stallTimeout*5/4+drainTimeout) // none is not
	})
}

// TestFrameHasLimitedTime: a frame that does not become whole ends its link, however alive the peer looks: memory
// is not lent for longer, and a length with a wrong bit in it must not swallow what follows for ever.
func TestFrameHasLimitedTime(t *testing.T) {
	for name, size := range map[string]uint64{"large": 1 << 20, "small": 1000} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, is *is.I) {
				v := newNode(App, false)
				links, bound := rawPeer(t, is, v)
				for _, c := range links {
					go io.Copy(io.Discard, c)
				}
				defer goneBy()
				start := time.Now()
				say(rawHeader(0, size))(links[responses])
				go drip(make([]byte, 1000), time.Second)(links[responses]) // alive, but slow
				go drip(bytes.Repeat([]byte("\x04\x05\x04PONG"), 100), 100*time.Millisecond)(links[requests])
				is.True(errors.Is(<-bound.end, ErrTimeout))
				took := time.Since(start)
				is.True(took >= stallTimeout && took <= stallTimeout+drainTimeout+time.Millisecond)
				is.True(budget.TryAcquire(Budget)) // the memory is given back
				budget.Release(Budget)
			})
		})
	}
}

func TestCloseDoesNotWaitForEver(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, is *is.I) {
		v := newNode(App, false)
		_, bound := rawPeer(t, is, v)
		for range 3 * pipeBuffer / 1000 {
			_, err := bound.peer.Send(make([]byte, 1000))
			is.NoErr(err)
		}
		start := time.Now()
		bound.peer.Close()
		is.True(errors.Is(<-bound.end, ErrClosed))
		is.True(near(time.Since(start), flushTimeout+drainTimeout)) // for a peer that does not read
	})
}

func TestSendWithinEndsInTime(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, is *is.I) {
		v := newNode(App, false)
		v.cfg.QueueMessages, v.cfg.Heartbeat = 2, -1
		_, bound := rawPeer(t, is, v)
		var err error
		for err == nil {
			_, err = bound.peer.Send(make([]byte, 60000))
		}
		is.Equal(err, ErrQueueFull)
		start := time.Now()
		is.Equal(bound.peer.SendWithin(100*time.Millisecond, []byte("word")), ErrQueueFull)
		is.True(near(time.Since(start), 100*time.Millisecond)) // when the wait is over
		start = time.Now()
		go func() {
			time.Sleep(50 * time.Millisecond)
			bound.peer.Abort(nil)
		}()
		is.True(errors.Is(bound.peer.SendWithin(time.Hour, []byte("word")), ErrClosed))
		is.True(near(time.Since(start), 50*time.Millisecond)) // or the peer is
	})
}
