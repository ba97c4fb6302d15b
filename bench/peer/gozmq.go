package peer

import (
	"context"
	"errors"
	"sync"

	"github.com/go-zeromq/zmq4"
)

// goZMQ is what go-zeromq/zmq4 offers by itself: its PUSH and PULL sockets, both ways, a goroutine for each
// request, and a lock before a socket that many send on.
type goZMQ struct{}

// goSockets are a PUSH and a PULL.
type goSockets struct {
	mu         sync.Mutex // of push
	push, pull zmq4.Socket
	cancel     context.CancelFunc
}

func newGoSockets() *goSockets {
	ctx, cancel := context.WithCancel(context.Background())
	return &goSockets{push: zmq4.NewPush(ctx), pull: zmq4.NewPull(ctx), cancel: cancel}
}

func (g *goSockets) send(b []byte) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.push.Send(zmq4.NewMsg(b))
}

func (g *goSockets) receive() ([]byte, error) {
	msg, err := g.pull.Recv()
	if err != nil {
		return nil, err
	}
	return msg.Bytes(), nil
}

func (g *goSockets) close() error {
	g.cancel()
	return errors.Join(g.push.Close(), g.pull.Close())
}

func (goZMQ) Serve(s Setup) (Server, error) {
	if s.Transport != IPC {
		return nil, without(s)
	}
	g := newGoSockets()
	if err := errors.Join(g.pull.Listen("ipc://"+s.Dir+"/q"), g.push.Listen("ipc://"+s.Dir+"/r")); err != nil {
		return nil, err
	}
	go func() {
		for {
			msg, err := g.receive()
			if err != nil {
				return
			}
			go func() { _ = g.send(msg) }() // where it fails, the answer is missed
		}
	}()
	return server{"ipc://" + s.Dir, g.close}, nil
}

func (goZMQ) Dial(_ Setup, addrs []string) (Client, error) {
	g := newGoSockets()
	if err := errors.Join(g.push.Dial(addrs[0]+"/q"), g.pull.Dial(addrs[0]+"/r")); err != nil {
		return nil, err
	}
	c := goClient{newMailbox(g.send), g}
	go c.box.deliver(g.receive)
	return c, nil
}

type goClient struct {
	box     *mailbox
	sockets *goSockets
}

func (c goClient) Call(_ context.Context, _ int, body []byte) ([]byte, error) {
	return c.box.call(body)
}

func (c goClient) Close() error { return c.sockets.close() }
