package peer

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
)

// raw is the ground: a socket, a connection per caller, four bytes of length before the body, and nothing else.
type raw struct{}

const (
	rawHeader = 4
	rawBuffer = 64 << 10 // a call of any size that fits costs two reads and two writes
)

// Serve runs a goroutine per connection.
func (raw) Serve(s Setup) (Server, error) {
	ln, err := listen(s)
	if err != nil {
		return nil, err
	}
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go rawEcho(conn)
		}
	}()
	return server{ln.Addr().String(), ln.Close}, nil
}

// listen binds a unix or a tcp socket.
func listen(s Setup) (net.Listener, error) {
	switch s.Transport {
	case IPC:
		return net.Listen("unix", s.Dir+"/s")
	case TCP:
		return net.Listen("tcp", "127.0.0.1:0")
	}
	return nil, without(s)
}

func network(s Setup) string {
	if s.Transport == IPC {
		return "unix"
	}
	return "tcp"
}

func rawEcho(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReaderSize(conn, rawBuffer)
	var buf []byte
	for {
		var err error
		if buf, err = rawRead(in, buf); err != nil {
			return
		}
		if _, err := conn.Write(buf); err != nil {
			return
		}
	}
}

// rawRead reads a whole message, header included, into buf or a larger one.
func rawRead(in *bufio.Reader, buf []byte) ([]byte, error) {
	head, err := in.Peek(rawHeader)
	if err != nil {
		return buf, err
	}
	size := rawHeader + int(binary.BigEndian.Uint32(head))
	if cap(buf) < size {
		buf = make([]byte, size)
	}
	buf = buf[:size]
	_, err = io.ReadFull(in, buf)
	return buf, err
}

// Dial makes a connection for each caller.
func (raw) Dial(s Setup, addrs []string) (Client, error) {
	c := make(rawClient, s.Callers)
	for i := range c {
		conn, err := net.Dial(network(s), addrs[i%len(addrs)])
		if err != nil {
			return nil, errors.Join(err, c.Close())
		}
		c[i] = &rawConn{conn: conn, in: bufio.NewReaderSize(conn, rawBuffer)}
	}
	return c, nil
}

type rawClient []*rawConn

type rawConn struct {
	conn    net.Conn
	in      *bufio.Reader
	out, ok []byte
}

func (c rawClient) Call(_ context.Context, caller int, body []byte) ([]byte, error) {
	r := c[caller]
	r.out = append(binary.BigEndian.AppendUint32(r.out[:0], uint32(len(body))), body...)
	if _, err := r.conn.Write(r.out); err != nil {
		return nil, err
	}
	var err error
	if r.ok, err = rawRead(r.in, r.ok); err != nil {
		return nil, err
	}
	return r.ok[rawHeader:], nil
}

func (c rawClient) Close() error {
	var errs []error
	for _, r := range c {
		if r != nil {
			errs = append(errs, r.conn.Close())
		}
	}
	return errors.Join(errs...)
}
