package transport

import (
	"context"
	"fmt"
	"net"
	"sync"
	"syscall"
)

// inproc endpoints live in one table per process, as ZeroMQ's live in a context.
var inproc = struct {
	sync.Mutex
	bound map[string]*inprocListener
}{bound: map[string]*inprocListener{}}

type inprocListener struct {
	name  string
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func listenInproc(name string) (net.Listener, error) {
	inproc.Lock()
	defer inproc.Unlock()
	if inproc.bound[name] != nil {
		return nil, fmt.Errorf("%w: inproc://%s", ErrInUse, name)
	}
	l := &inprocListener{name: name, conns: make(chan net.Conn), done: make(chan struct{})}
	inproc.bound[name] = l
	return l, nil
}

func dialInproc(ctx context.Context, name string) (net.Conn, error) {
	inproc.Lock()
	l := inproc.bound[name]
	inproc.Unlock()
	if l == nil {
		return nil, fmt.Errorf("inproc://%s: %w", name, syscall.ECONNREFUSED)
	}
	near, far := newPipe()
	select {
	case l.conns <- far:
		return near, nil
	case <-l.done:
		return nil, fmt.Errorf("inproc://%s: %w", name, syscall.ECONNREFUSED)
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// Accept waits for a dial.
func (l *inprocListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Close unbinds the name.
func (l *inprocListener) Close() error {
	l.once.Do(func() {
		inproc.Lock()
		delete(inproc.bound, l.name)
		inproc.Unlock()
		close(l.done)
	})
	return nil
}

// Addr gives the name.
func (l *inprocListener) Addr() net.Addr { return inprocAddr(l.name) }

type inprocAddr string

func (inprocAddr) Network() string  { return schemeInproc }
func (a inprocAddr) String() string { return string(a) }
