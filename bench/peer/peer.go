// Package peer holds the ways for one process to ask another that the program compares: Quartet, and what a user would
// pick instead. Each has a file of its own and implements Peer with an echo: what is asked comes back unchanged.
package peer

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

// Transports that a Setup may name. Not every peer has all of them.
const (
	IPC    = "ipc"    // a unix socket
	TCP    = "tcp"    // over loopback; Quartet encrypts it with CURVE
	TLS    = "tls"    // TLS 1.3 over loopback
	Inproc = "inproc" // both sides in one process; Quartet alone
)

// Setup is what both sides of a peer are told. The zero value of what a peer does not need is fine.
type Setup struct {
	Transport string
	Dir       string // for the sockets of this server
	Broker    string // where the broker is, for peers that have one
	Key       string // 64 hex digits: the secret of Quartet
	Files     Files  // certificates for TLS
	Callers   int    // of one client, at most; each is a number below it
}

// Peer is a way to ask another process.
type Peer interface {
	// Serve starts the side that answers.
	Serve(Setup) (Server, error)
	// Dial starts the side that asks, for servers at these addresses. It returns when all of them are connected.
	Dial(s Setup, addrs []string) (Client, error)
}

// Server is a running side that answers, or a broker.
type Server interface {
	// Addr is what Dial needs to know of it.
	Addr() string
	Close() error
}

// Client is a running side that asks.
type Client interface {
	// Call asks and waits for the answer, which is valid until the next Call of the same caller. Callers call at the
	// same time as each other, but each calls one thing after another.
	Call(ctx context.Context, caller int, body []byte) ([]byte, error)
	Close() error
}

// Broker is a Peer with a process between its two sides.
type Broker interface {
	Peer
	// Broker starts that process. Its address becomes Setup.Broker.
	Broker(Setup) (Server, error)
}

// Sender is a Peer that can also send and not wait.
type Sender interface {
	Peer
	// DialSender is Dial for such sending; answered is called once for every Send that returned nil, at the same time
	// as for others.
	DialSender(s Setup, addrs []string, answered func(answer []byte, err error)) (SendClient, error)
}

// SendClient is a running side that sends and does not wait.
type SendClient interface {
	// Send hands body over. It must not be changed before its answer has come, unless Send failed.
	Send(ctx context.Context, body []byte) error
	Close() error
}

// peers by name. libzmq.go adds its own, where it is compiled in.
var peers = map[string]Peer{
	"quartet": quartet{},
	"raw":     raw{},
	"grpc":    grpcPeer{},
	"nats":    natsPeer{},
	"netrpc":  netRPC{},
	"zmq4":    goZMQ{},
}

// Named gives the peer of that name. The error lists those there are.
func Named(name string) (Peer, error) {
	p, ok := peers[name]
	if !ok {
		return nil, fmt.Errorf("no peer %q, only %v", name, slices.Sorted(maps.Keys(peers)))
	}
	return p, nil
}

// Has says whether a peer is compiled in.
func Has(name string) bool { return peers[name] != nil }

// server is a Server of an address and a function.
type server struct {
	addr  string
	close func() error
}

func (s server) Addr() string { return s.addr }
func (s server) Close() error { return s.close() }

// without is the error of a peer that has no such transport.
func without(s Setup) error { return fmt.Errorf("this peer has no transport %q", s.Transport) }
