package transport

import (
	"fmt"
	"io"
	"net"
	"path/filepath"
	"testing"
	"time"
)

// benchPair is a pair without tests: what arrives at the binder is counted or sent back.
type benchPair struct {
	dialled *Peer
	back    chan struct{} // one for each message that came back
	arrived chan struct{} // closed when the n-th message has come to the binder
}

type benchReceiver struct {
	receive func(Message)
}

func (r *benchReceiver) Receive(m Message) { r.receive(m) }
func (r *benchReceiver) Closed(error)      {}

func newBenchPair(b *testing.B, addr Addr, echo bool) *benchPair {
	b.Helper()
	p := &benchPair{back: make(chan struct{}, 1), arrived: make(chan struct{})}
	left := b.N
	binder := Config{Side: App, Secret: testSecret, Accept: func(bound *Peer) Receiver {
		return &benchReceiver{func(m Message) {
			m.Release()
			if echo {
				bound.Send(m.Frame)
			} else if left--; left == 0 {
				close(p.arrived)
			}
		}}
	}}
	l, err := Listen(addr, binder)
	if err != nil {
		b.Fatal(err)
	}
	up := make(chan *Peer, 1)
	d, err := Dial(addr, Config{Side: Instance, Secret: testSecret, Accept: func(dialled *Peer) Receiver {
		up <- dialled
		return &benchReceiver{func(m Message) { m.Release(); p.back <- struct{}{} }}
	}})
	if err != nil {
		b.Fatal(err)
	}
	p.dialled = <-up
	b.Cleanup(func() {
		d.Close()
		l.Close()
		p.dialled.Abort(nil)
		<-p.dialled.Done()
	})
	return p
}

var benchSizes = []int{100, 4 << 10}

// BenchmarkPeer is one way: the sender does not wait for answers.
func BenchmarkPeer(b *testing.B) {
	for _, scheme := range []func(testing.TB) Addr{newInproc, ipcAddr} {
		for _, size := range benchSizes {
			addr := scheme(b)
			b.Run(fmt.Sprintf("%s/%dB", addr.Requests.scheme, size), func(b *testing.B) {
				p := newBenchPair(b, addr, false)
				frame := make([]byte, size)
				b.ReportAllocs()
				b.SetBytes(int64(size))
				b.ResetTimer()
				for range b.N {
					if err := p.dialled.SendWithin(time.Minute, frame); err != nil {
						b.Fatal(err)
					}
				}
				<-p.arrived
			})
		}
	}
}

// BenchmarkPeerRoundTrip waits for each answer.
func BenchmarkPeerRoundTrip(b *testing.B) {
	for _, scheme := range []func(testing.TB) Addr{newInproc, ipcAddr} {
		for _, size := range benchSizes {
			addr := scheme(b)
			b.Run(fmt.Sprintf("%s/%dB", addr.Requests.scheme, size), func(b *testing.B) {
				p := newBenchPair(b, addr, true)
				frame := make([]byte, size)
				b.ReportAllocs()
				b.ResetTimer()
				for range b.N {
					if _, err := p.dialled.Send(frame); err != nil {
						b.Fatal(err)
					}
					<-p.back
				}
			})
		}
	}
}

// BenchmarkPlainConnRoundTrip is what a Unix socket does without ZMTP, frames or queues: the floor.
func BenchmarkPlainConnRoundTrip(b *testing.B) {
	for _, size := range benchSizes {
		b.Run(fmt.Sprintf("ipc/%dB", size), func(b *testing.B) {
			ln, err := net.Listen("unix", filepath.Join(shortDir(b), "plain"))
			if err != nil {
				b.Fatal(err)
			}
			defer ln.Close()
			go func() {
				if c, err := ln.Accept(); err == nil {
					io.Copy(struct{ io.Writer }{c}, struct{ io.Reader }{c}) // no splice: as we read and write
					c.Close()
				}
			}()
			c, err := net.Dial("unix", ln.Addr().String())
			if err != nil {
				b.Fatal(err)
			}
			defer c.Close()
			frame := make([]byte, size)
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				if _, err := c.Write(frame); err != nil {
					b.Fatal(err)
				}
				if _, err := io.ReadFull(c, frame); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
