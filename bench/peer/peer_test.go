package peer

import (
	"bytes"
	"context"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/matryer/is"
)

// setup makes one whose directory has a short path, for the sockets.
func setup(t *testing.T, transport string) Setup {
	t.Helper()
	is := is.New(t)
	dir, err := os.MkdirTemp("", "qb")
	is.NoErr(err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	files, err := NewCertificate(dir)
	is.NoErr(err)
	return Setup{Transport: transport, Dir: dir, Key: strings.Repeat("5a", 32), Files: files, Callers: 4}
}

// has lists the transports of each peer.
var has = map[string][]string{
	"quartet": {IPC, TCP, TLS, Inproc},
	"raw":     {IPC, TCP},
	"grpc":    {IPC, TCP, TLS},
	"nats":    {IPC},
	"libzmq":  {IPC},
	"netrpc":  {IPC, TCP},
	"zmq4":    {IPC},
}

func TestEveryPeerEchoes(t *testing.T) {
	for name, p := range peers {
		for _, transport := range has[name] {
			t.Run(name+"/"+transport, func(t *testing.T) {
				is := is.New(t)
				s := setup(t, transport)
				if b, ok := p.(Broker); ok {
					broker, err := b.Broker(s)
					is.NoErr(err)
					defer broker.Close()
					s.Broker = broker.Addr()
				}
				srv, err := p.Serve(s)
				is.NoErr(err)
				defer srv.Close()
				c, err := p.Dial(s, []string{srv.Addr()})
				is.NoErr(err)
				defer c.Close()
				is.NoErr(callMany(c, s.Callers)) // every answer is what was sent
			})
		}
	}
}

// callMany lets callers call at the same time, with bodies of all sizes.
func callMany(c Client, callers int) error {
	errs := make(chan error, callers)
	for i := range callers {
		go func() {
			errs <- func() error {
				for _, size := range []int{16, 64, 1 << 10, 16 << 10, 1 << 20} {
					body := bytes.Repeat([]byte{byte(i), byte(size >> 8)}, size/2)
					answer, err := c.Call(context.Background(), i, body)
					if err != nil {
						return err
					}
					if !bytes.Equal(answer, body) {
						return os.ErrInvalid
					}
				}
				return nil
			}()
		}()
	}
	var first error
	for range callers {
		if err := <-errs; first == nil {
			first = err
		}
	}
	return first
}

func TestOtherTransportsAreRefused(t *testing.T) {
	for name, p := range peers {
		if name == "nats" { // it has its own
			continue
		}
		_, err := p.Serve(setup(t, "pigeon"))
		is.New(t).True(err != nil) // nobody serves that
	}
	_, err := Named("pigeon")
	is.New(t).True(err != nil) // nor is it a peer
}

func TestQuartetSends(t *testing.T) {
	is := is.New(t)
	s := setup(t, IPC)
	p := peers["quartet"].(Sender)
	srv, err := p.Serve(s)
	is.NoErr(err)
	defer srv.Close()
	var answers sync.Map
	var all sync.WaitGroup
	c, err := p.DialSender(s, []string{srv.Addr()}, func(answer []byte, err error) {
		answers.Store(string(answer), err)
		all.Done()
	})
	is.NoErr(err)
	defer c.Close()
	for _, body := range []string{"one", "two", "three"} {
		all.Add(1)
		is.NoErr(c.Send(context.Background(), []byte(body)))
	}
	all.Wait()
	for _, body := range []string{"one", "two", "three"} {
		err, ok := answers.Load(body)
		is.True(ok && err == nil) // its answer came
	}
}

func TestOneWayCounts(t *testing.T) {
	is := is.New(t)
	o, err := Pull(100)
	is.NoErr(err)
	gone := make(chan error, 1)
	go func() { gone <- Push(o.Addr(), 100) }()
	rate, err := o.Count(0, 20_000_000)
	is.NoErr(err) // all are there, in order
	is.True(rate > 0)
	o.Close()
	is.True(<-gone != nil) // the sender notices
}
