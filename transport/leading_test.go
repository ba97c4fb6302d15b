package transport

import (
	"runtime/debug"
	"strings"
	"testing"

	"github.com/matryer/is"
)

// rester asks for a rest after each message, and notes whether it was delivered to a goroutine that leads.
type rester struct {
	inbox
	led chan bool // one for each message
}

func (r *rester) Receive(m Message) {
	r.peer.Rest()
	r.led <- strings.Contains(string(debug.Stack()), "(*Peer).Lead")
	r.inbox.Receive(m)
}

// newRester connects an app that rests to an instance.
func newRester(t *testing.T, addr Addr) (*rester, *inbox) {
	instance, app := newNode(Instance, false), newNode(App, false)
	there := make(chan *rester, 1)
	accept := app.cfg.Accept
	app.cfg.Accept = func(p *Peer) Receiver {
		r := &rester{inbox: *accept(p).(*inbox), led: make(chan bool, 8)}
		there <- r
		return r
	}
	instance.listen(t, addr)
	app.dial(t, addr)
	return <-there, instance.peer(t)
}

func resterAddrs(t *testing.T) map[string]Addr {
	return map[string]Addr{"inproc": newInproc(t), "ipc": ipcAddr(t)}
}

// TestLead: an answer is read where it is waited for, as long as it comes at once and nothing comes between; in any other
// case it is delivered as ever.
func TestLead(t *testing.T) {
	t.Parallel()
	for name, addr := range resterAddrs(t) {
		t.Run(name, func(t *testing.T) {
			is := is.New(t)
			app, instance := newRester(t, addr)
			say := func(word string) {
				_, err := instance.peer.Send([]byte(word))
				is.NoErr(err)
			}
			hear := func(word string) { is.Equal(string((<-app.got).Frame), word) }
			there := func() bool { return len(app.got) > 0 }
			never := func() bool { return false }

			is.True(!app.peer.Lead(there)) // the reader does not rest: nothing to do, and nothing to give up
			say("first")
			hear("first")
			is.True(!<-app.led)

			for led := false; !led; { // not where the machine has slept for longer than a rest
				say("answer")
				app.peer.Lead(there)
				hear("answer")
				led = <-app.led
			}

			say("nobody leads")
			hear("nobody leads")
			<-app.led

			app.peer.Recall()
			say("recalled")
			hear("recalled")
			<-app.led

			for !app.peer.Lead(never) { // it leads in vain
				say("rest")
				hear("rest")
				<-app.led
			}
			say("late")
			hear("late")
			is.True(!<-app.led)

			long := strings.Repeat("long ", bufferAfter)
			say(long)
			app.peer.Lead(there)
			hear(long)
			is.True(!<-app.led) // who leads would have to wait for the rest of it
		})
	}
}

// TestLeadToTheEnd: the end of a peer is found while its reader rests, and while somebody leads.
func TestLeadToTheEnd(t *testing.T) {
	t.Parallel()
	for name, addr := range resterAddrs(t) {
		for _, leads := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				is := is.New(t)
				app, instance := newRester(t, addr)
				_, err := instance.peer.Send([]byte("rest"))
				is.NoErr(err)
				<-app.got
				instance.peer.Close()
				if leads {
					app.peer.Lead(func() bool { return false })
				}
				<-app.end
			})
		}
	}
}
