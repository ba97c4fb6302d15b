package service

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"quartet/handler"
	"quartet/internal/printable"
	"quartet/transport"
	"quartet/transport/wire"
)

// Server is one instance of a service: it runs a Handler for the requests of any number of apps. It is safe
// for concurrent use.
type Server struct {
	id      string
	name    string
	handler handler.Handler
	opts    serverOptions
	hello   *wire.Hello
	work    *scheduler

	unreadable rarely

	base context.Context // of the handlers; ends when the server is closed
	stop context.CancelFunc

	serving sync.Mutex // held to open addresses and to change the secret

	mu       sync.Mutex
	nodes    []node
	apps     map[*app]struct{}
	changed  chan struct{} // closed and renewed when apps leave or have their last answer
	cutErr   error         // tells that something was cut off
	draining atomic.Bool
	ending   sync.Once
	ended    chan struct{} // closed when Shutdown or Close is done
	stuckErr error         // set before that: what still runs
}

// NewServer makes an instance of a service. If h tells its routes, as *handler.Mux does, clients learn
// them and refuse at once what no instance serves. It starts nothing before Serve.
func NewServer(name string, h handler.Handler, o ...ServerOption) *Server {
	if !wire.ValidName(name) || h == nil {
		panic(fmt.Sprintf("service: NewServer(%q): a server has a name of 1 to %d bytes and a handler", name, wire.MaxName))
	}
	opts := serverOptions{
		linkOptions: defaultLink(),
		concurrency: DefaultConcurrency, backlog: DefaultBacklog,
		window: DefaultWindow, windowBytes: DefaultWindowBytes, large: DefaultLarge,
	}
	for _, opt := range o {
		opt.applyServer(&opts)
	}
	s := &Server{
		id: newInstanceID(), name: name, handler: h, opts: opts,
		apps: map[*app]struct{}{}, changed: make(chan struct{}), ended: make(chan struct{}),
	}
	s.base, s.stop = context.WithCancel(context.Background())
	s.work = newScheduler(opts, s.run)
	return s
}

// Serve binds or dials the addresses and serves until Shutdown or Close has ended, then returns ErrClosed.
// Any other error says which address cannot be used, and that nothing is served. Serve may be called again
// for further addresses.
func (s *Server) Serve(addrs ...Addr) error {
	if err := s.open(addrs); err != nil {
		return err
	}
	<-s.ended
	return ErrClosed
}

func (s *Server) open(addrs []Addr) error {
	if len(addrs) == 0 {
		return errors.New("service: Serve needs at least one address")
	}
	s.serving.Lock()
	defer s.serving.Unlock()
	s.mu.Lock()
	if s.draining.Load() {
		s.mu.Unlock()
		return ErrClosed
	}
	if s.hello == nil {
		s.hello = s.greeting()
	}
	cfg := s.opts.config(transport.Instance)
	s.mu.Unlock() // which apps that come and hooks that ask must have
	batch := new(batch)
	cfg.Accept = func(p *transport.Peer) transport.Receiver { return s.accept(p, batch) }
	nodes, err := openAll(addrs, func(a Addr) bool { return a.ServiceBinds }, cfg)
	if err != nil {
		s.revoke(batch)
		return fmt.Errorf("service: serve %s: %w", s.name, err)
	}
	s.mu.Lock()
	closed := s.draining.Load() // meanwhile
	if !closed {
		s.nodes = append(s.nodes, nodes...)
	}
	s.mu.Unlock()
	if closed {
		closeAll(nodes)
		s.revoke(batch)
		return ErrClosed
	}
	return nil
}

// batch is what the addresses of one Serve have in common: if one of them fails nobody stays who came by
// the others. The server's lock guards it.
type batch struct{ revoked bool }

func (s *Server) revoke(b *batch) {
	s.mu.Lock()
	b.revoked = true
	s.mu.Unlock()
	for _, a := range s.snapshot() {
		if a.batch == b {
			a.peer.Close()
		}
	}
}

// greeting is what this instance says of itself. Routes that are too many for a hello are not told.
func (s *Server) greeting() *wire.Hello {
	h := &wire.Hello{
		Instance: s.id, Name: cleanName(s.opts.name), MinVersion: wire.MinVersion, MaxVersion: wire.Version,
		Service: s.name, WindowMessages: uint32(s.opts.window), WindowBytes: uint64(s.opts.windowBytes),
	}
	if m, ok := s.handler.(interface{ Routes() []handler.Route }); ok {
		h.Routes = handler.RoutesToWire(m.Routes())
	}
	if _, err := wire.Append(nil, h); err != nil {
		s.opts.log.Warn("the routes do not fit into a hello; clients try every path", "service", s.name, "cause", err.Error())
		h.Routes = nil
	}
	return h
}

// Addrs gives the addresses that are served.
func (s *Server) Addrs() []Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	var addrs []Addr
	for _, n := range s.nodes {
		_, binds := n.(*transport.Listener)
		a := n.Addr()
		addrs = append(addrs, Addr{a.Requests.String(), a.Responses.String(), binds})
	}
	return addrs
}

// accept takes a new peer: an app.
func (s *Server) accept(p *transport.Peer, b *batch) transport.Receiver {
	a := newApp(s, p, b)
	s.mu.Lock()
	defer s.mu.Unlock()
	if b.revoked || s.draining.Load() || !p.AdmittedBy(s.opts.secret) { // the secret may have changed since its handshake began
		return nil
	}
	s.apps[a] = struct{}{}
	if !s.shareOut() {
		a.frames.send(s.hello)
	}
	return a
}

func (s *Server) forget(a *app) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.apps, a)
	s.shareOut()
	s.tellChanged()
}

// tellChanged wakes Shutdown. The lock is held.
func (s *Server) tellChanged() {
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *Server) snapshot() []*app {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Keys(s.apps))
}

// ServerStats is what an instance does now.
type ServerStats struct {
	Apps    int // that are connected
	Running int // handlers
	Queued  int // requests that wait for one
}

// Stats tells what the instance does now.
func (s *Server) Stats() ServerStats {
	running, queued := s.work.load()
	s.mu.Lock()
	defer s.mu.Unlock()
	return ServerStats{Apps: len(s.apps), Running: running, Queued: queued}
}

// logFailure keeps a failure that its caller sees only as 500.
func (s *Server) logFailure(j *job, err error) {
	s.opts.log.Error("a handler failed", append([]any{
		"service", s.name, "path", printable.Cut(j.req.Path, maxCause), "method", j.req.Method, "id", j.req.ID.String(), "took", j.took,
	}, causeOf(err)...)...)
}
