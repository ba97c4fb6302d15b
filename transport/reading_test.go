package transport

import (
	"bytes"
	"context"
	"io"
	"net"
	"runtime"
	"testing"

	"github.com/matryer/is"
)

// borrower works in the goroutine that delivers, for as long as a test wants.
type borrower struct {
	inbox
	work   chan func()   // what to do with each message
	passed chan struct{} // it takes too long
	done   chan struct{}
}

func (b *borrower) Receive(m Message) {
	loan := b.peer.Borrow(func() { b.passed <- struct{}{} })
	defer func() { b.done <- struct{}{} }()
	defer loan.Return()
	defer b.peer.SendLater(m.Frame)
	(<-b.work)()
}

// TestBorrow: whoever does longer work where messages are delivered keeps nobody from being read, or from being answered.
func TestBorrow(t *testing.T) {
	t.Parallel()
	for name, addr := range map[string]Addr{"inproc": newInproc(t), "ipc": ipcAddr(t)} {
		t.Run(name, func(t *testing.T) {
			is := is.New(t)
			instance, app := newNode(Instance, false), newNode(App, false)
			instance.cfg.Heartbeat, app.cfg.Heartbeat = -1, -1 // PING would write what was forgotten
			there := make(chan *borrower, 1)
			accept := instance.cfg.Accept
			instance.cfg.Accept = func(p *Peer) Receiver {
				b := &borrower{inbox: *accept(p).(*inbox), work: make(chan func(), 8), passed: make(chan struct{}, 8), done: make(chan struct{}, 8)}
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
			begin := func(word string, work func()) {
				b.work <- work
				say(word)
			}

			begin("short", nothing)
			hear("short")
			<-b.done

			goOn := make(chan struct{})
			begin("long", func() { <-goOn })
			<-b.passed
			begin("next", nothing)
			hear("next") // another goroutine reads
			<-b.done
			close(goOn)
			hear("long") // what was put off by a goroutine that has had its turn is written
			<-b.done

			begin("exit", runtime.Goexit)
			hear("exit")
			<-b.done
			begin("after that", nothing)
			hear("after that") // a goroutine that ends is replaced
			<-b.done
			begin("long exit", func() { <-b.passed; runtime.Goexit() })
			hear("long exit")
			<-b.done

			goOn = make(chan struct{})
			begin("last", func() { <-goOn })
			<-b.passed
			here.peer.Close()
			<-b.end // the peer ends while the work goes on
			close(goOn)
			<-b.done
		})
	}
}

// TestPutOffBeforeCommand: an answer that was put off is written before a reader waits for what follows a command.
func TestPutOffBeforeCommand(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	far, near := newPipe()
	out, in := newPipe()
	cfg := Config{Side: Instance, Heartbeat: -1}.withDefaults()
	linkOf := func(c net.Conn) *link {
		ctx, cancel := context.WithCancel(t.Context())
		return newLink(ctx, cancel, newFrameConn(ctx, c), endpointRole{side: Instance, kind: requests}, "", cfg)
	}
	answers, requests := linkOf(out), linkOf(near)
	requests.answers = &answers.w
	answers.start(cfg, nil)
	_, err := far.Write(bytes.Join([][]byte{rawFrame(0, []byte("ask")), rawCommand("PING", []byte("\x00\x00echo"))}, nil))
	is.NoErr(err)
	requests.start(cfg, func(m Message) {
		is.True(!m.Follows) // a command is no message
		_, err := answers.w.send([][]byte{[]byte("answer")}, sendLater)
		is.NoErr(err)
	})
	got := make([]byte, 8)
	_, err = io.ReadFull(in, got)
	is.NoErr(err)
	is.Equal(string(got[2:]), "answer")
	for _, l := range []*link{answers, requests} {
		l.fail(ErrClosed)
		<-l.done
	}
}
