package peer

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"quartet/transport"
)

// OneWay is what Quartet's peers do by themselves: messages one way over tcp without encryption, each with its number,
// and nothing above them. oneway/oneway.c does the same with libzmq.
type OneWay struct {
	listener *transport.Listener
	size     int
	wanted   uint64 // the number of the next message; the reader's alone
	got      atomic.Uint64
	wrong    atomic.Pointer[error]
	sender   atomic.Pointer[transport.Peer]
}

// Pull binds and counts messages of a size.
func Pull(size int) (*OneWay, error) {
	o := &OneWay{size: size}
	addr, err := transport.ParseAddr("null+tcp://127.0.0.1:0", "null+tcp://127.0.0.1:*")
	if err != nil {
		return nil, err
	}
	o.listener, err = transport.Listen(addr, transport.Config{
		Side: transport.Instance, Accept: func(p *transport.Peer) transport.Receiver {
			o.sender.Store(p)
			return o
		},
	})
	return o, err
}

// Addr is for Push.
func (o *OneWay) Addr() string {
	a := o.listener.Addr()
	return a.Requests.String() + " " + a.Responses.String()
}

// Receive implements transport.Receiver.
func (o *OneWay) Receive(m transport.Message) {
	defer m.Release()
	if len(m.Frame) != o.size || binary.BigEndian.Uint64(m.Frame) != o.wanted {
		err := fmt.Errorf("%d bytes beginning with %x came when message %d was due", len(m.Frame), m.Frame[:min(len(m.Frame), 8)], o.wanted)
		o.wrong.CompareAndSwap(nil, &err)
	}
	o.wanted++
	o.got.Add(1)
}

// Closed implements transport.Receiver.
func (o *OneWay) Closed(error) {}

// Count waits for the first message, lets it warm up, and gives the messages per second after that.
func (o *OneWay) Count(warm, d time.Duration) (float64, error) {
	for limit := time.Now().Add(patience); o.got.Load() == 0; {
		if time.Now().After(limit) {
			return 0, errors.New("no message came")
		}
		time.Sleep(time.Millisecond)
	}
	time.Sleep(warm)
	began, first := time.Now(), o.got.Load()
	time.Sleep(d)
	rate := float64(o.got.Load()-first) / time.Since(began).Seconds()
	if err := o.wrong.Load(); err != nil {
		return 0, *err
	}
	return rate, nil
}

// Close ends it, and thus the sender.
func (o *OneWay) Close() {
	_ = o.listener.Close() // it says only that it was closed before
	if p := o.sender.Load(); p != nil {
		p.Abort(nil)
	}
}

// Push sends messages of a size, in one goroutine, until the peer is gone.
func Push(addr string, size int) error {
	requests, responses, _ := strings.Cut(addr, " ")
	to, err := transport.ParseAddr(requests, responses)
	if err != nil {
		return err
	}
	peers := make(chan *transport.Peer, 1)
	d, err := transport.Dial(to, transport.Config{Side: transport.App, Accept: func(p *transport.Peer) transport.Receiver {
		select {
		case peers <- p:
		default: // it came back, and this run is over
		}
		return deaf{}
	}})
	if err != nil {
		return err
	}
	defer d.Close()
	p := <-peers
	frame := make([]byte, size)
	for i := range frame {
		frame[i] = 'x'
	}
	for n := uint64(0); ; n++ {
		binary.BigEndian.PutUint64(frame, n)
		if _, err = p.Send(frame); errors.Is(err, transport.ErrQueueFull) {
			err = p.SendWithin(patience, frame)
		}
		if err != nil {
			return err
		}
	}
}

// deaf receives nothing.
type deaf struct{}

func (deaf) Receive(m transport.Message) { m.Release() }
func (deaf) Closed(error)                {}
