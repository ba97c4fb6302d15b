//go:build libzmq && cgo

package peer

import (
	"context"
	"errors"
	"sync"

	zmq "github.com/pebbe/zmq4"
)

// libZMQ is libzmq through cgo: its PUSH and PULL sockets, both ways. Its server runs a goroutine for each request, as
// the others do, since a handler may take its time. A socket is for one goroutine at a time, so there is a lock before
// the one that many send on; to give it an owner and a channel instead makes no difference.
type libZMQ struct{}

func init() { peers["libzmq"] = libZMQ{} }

// libHWM is the high-water mark, raised from 1,000 messages to fit the load.
const libHWM = 100_000

// libOpen makes a PUSH and a PULL, lets attach bind or connect them, and gives a way for many to send.
func libOpen(attach func(push, pull *zmq.Socket) error) (send func([]byte) error, pull *zmq.Socket, err error) {
	push, err := zmq.NewSocket(zmq.PUSH)
	if err != nil {
		return nil, nil, err
	}
	if pull, err = zmq.NewSocket(zmq.PULL); err != nil {
		return nil, nil, err
	}
	var mu sync.Mutex
	send = func(b []byte) error {
		mu.Lock()
		defer mu.Unlock()
		_, err := push.SendBytes(b, 0)
		return err
	}
	return send, pull, errors.Join(push.SetSndhwm(libHWM), pull.SetRcvhwm(libHWM), push.SetLinger(0), attach(push, pull))
}

// Serve echoes until the process ends, for a socket must not be closed while another goroutine waits in it.
func (libZMQ) Serve(s Setup) (Server, error) {
	if s.Transport != IPC {
		return nil, without(s)
	}
	send, pull, err := libOpen(func(push, pull *zmq.Socket) error {
		return errors.Join(pull.Bind("ipc://"+s.Dir+"/q"), push.Bind("ipc://"+s.Dir+"/r"))
	})
	if err != nil {
		return nil, err
	}
	go func() {
		for {
			msg, err := pull.RecvBytes(0)
			if err != nil {
				return
			}
			go func() { _ = send(msg) }() // where it fails, the answer is missed
		}
	}()
	return server{"ipc://" + s.Dir, func() error { return nil }}, nil
}

func (libZMQ) Dial(_ Setup, addrs []string) (Client, error) {
	send, pull, err := libOpen(func(push, pull *zmq.Socket) error {
		return errors.Join(push.Connect(addrs[0]+"/q"), pull.Connect(addrs[0]+"/r"))
	})
	if err != nil {
		return nil, err
	}
	box := newMailbox(send)
	go box.deliver(func() ([]byte, error) { return pull.RecvBytes(0) })
	return libClient{box}, nil
}

type libClient struct{ box *mailbox }

func (c libClient) Call(_ context.Context, _ int, body []byte) ([]byte, error) {
	return c.box.call(body)
}

// Close leaves the sockets to the end of the process, as Serve does.
func (libClient) Close() error { return nil }
