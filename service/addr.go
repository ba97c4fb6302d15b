package service

import (
	"fmt"

	"quartet/transport"
)

// Addr is where a service is met: a pair of endpoints, and which side binds them. The same value is
// used on both sides. Endpoints are ipc://path/of/a/socket on one host, tcp://host:port (encrypted with keys
// derived from the secret), tls+tcp://host:port (with certificates), or inproc://name within one process.
type Addr struct {
	Requests, Responses string
	// ServiceBinds: the instance binds and clients dial. Otherwise, as in the origin, the client binds and
	// instances come and go by dialling.
	ServiceBinds bool
}

// String gives both endpoints and who binds.
func (a Addr) String() string {
	who := "client"
	if a.ServiceBinds {
		who = "service"
	}
	return fmt.Sprintf("%s %s (the %s binds)", a.Requests, a.Responses, who)
}

// Loopback says whether neither endpoint can be reached from another host.
func (a Addr) Loopback() bool {
	for _, text := range []string{a.Requests, a.Responses} {
		if e, err := transport.ParseEndpoint(text); err == nil && !e.Loopback() {
			return false
		}
	}
	return true
}

// Secret authenticates connections; it never prints.
type Secret = transport.Secret

// ReadSecret reads a secret from a file: one line, or two while secrets are rotated; 64 hex digits are a
// key, anything else a passphrase of at least 16 bytes. See transport.ReadSecret.
func ReadSecret(file string) (Secret, error) { return transport.ReadSecret(file) }

// ParseSecret is ReadSecret for text that is in memory.
func ParseSecret(text []byte) (Secret, error) { return transport.ParseSecret(text) }

// TLSFiles names the certificates of tls+tcp endpoints. See transport.TLSFiles.
type TLSFiles = transport.TLSFiles

// Event is one thing that happened to an endpoint: listening, connected, refused and so on.
type Event = transport.Event

// node is what binds or dials one address: a *transport.Listener or a *transport.Dialer.
type node interface {
	Close() error
	Addr() transport.Addr
}

// open binds or dials an address.
func open(a Addr, binds bool, cfg transport.Config) (node, error) {
	addr, err := transport.ParseAddr(a.Requests, a.Responses)
	if err != nil {
		return nil, err
	}
	if binds {
		return transport.Listen(addr, cfg)
	}
	return transport.Dial(addr, cfg)
}

// openAll opens every address, or none.
func openAll(addrs []Addr, binds func(Addr) bool, cfg transport.Config) ([]node, error) {
	var nodes []node
	for _, a := range addrs {
		n, err := open(a, binds(a), cfg)
		if err != nil {
			closeAll(nodes)
			return nil, err
		}
		nodes = append(nodes, n)
	}
	return nodes, nil
}

func closeAll(nodes []node) {
	for _, n := range nodes {
		n.Close()
	}
}
