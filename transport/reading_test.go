package transport

import (
	"runtime"
	"testing"

	"github.com/matryer/is"
)

// borrower works in the goroutine that delivers, for as long as a test wants.
type borrower struct {
	inbox
	work  chan func() // what to do with each message
	short chan bool   // whether it was done in time
}

func (b *borrower) Receive(m Message) {
	loan := b.peer.Borrow()
	defer func() { b.short <- loan.Return() }()
	b.peer.SendLater(m.Frame)
	(<-b.work)()
}

// TestBorrow: whoever does longer work where messages are delivered keeps nobody from being read, or from being answered.
func TestBorrow(t *testing.T) {
	t.Parallel()
	for name, addr := range map[string]Addr{"inproc": newInproc(t), "ipc": ipcAddr(t)} {
		t.Run(name, func(t *testing.T) {
			is := is.New(t)
			instance, app := newNode(Instance, false), newNode(App, false)
			there := make(chan *borrower, 1)
			accept := instance.cfg.Accept
			instance.cfg.Accept = func(p *Peer) Receiver {
				b := &borrower{inbox: *accept(p).(*inbox), work: make(chan func(), 8), short: make(chan bool, 8)}
				there <- b
				return b
			}
			instance.listen(t, addr)
			app.dial(t, addr)
			here, b := app.peer(t), <-there
			say := func(word string) {
				_, err := here.peer.Send([]byte(word))
				is.NoErr(err)
			}
			hear := func(word string) { is.Equal(string((<-here.got).Frame), word) }
			nothing := func() {}

			b.work <- nothing
			say("short")
			hear("short")
			is.True(<-b.short)

			goOn := make(chan struct{})
			b.work <- func() { <-goOn }
			say("long")
			hear("long") // what it put off is written, although it is not back
			b.work <- nothing
			say("next")
			hear("next") // another goroutine reads
			is.True(<-b.short)
			close(goOn)
			is.True(!<-b.short) // and this one has had its turn

			b.work <- runtime.Goexit
			say("exit")
			hear("exit")
			<-b.short
			b.work <- nothing
			say("after that")
			hear("after that") // a goroutine that ends is replaced
			is.True(<-b.short)

			goOn = make(chan struct{})
			b.work <- func() { <-goOn }
			say("last")
			hear("last")
			here.peer.Close()
			<-b.end // the peer ends while the work goes on
			close(goOn)
			is.True(!<-b.short)
		})
	}
}
