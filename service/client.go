package service

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"quartet/internal/printable"
	"quartet/transport/wire"
)

// Client is the service client that an app embeds in its HTTP handlers. It is safe for concurrent use and
// meant to live as long as its process.
type Client struct {
	id    string
	opts  clientOptions
	ids   *wire.IDSource
	stats counters
	sends semaphore    // accepted Sends that are not settled
	held  atomic.Int64 // bytes of their requests and answers

	settling *queue[settling] // runs their response handlers

	spares      spares
	registering sync.Mutex // held to register a service and to change the secret

	mu      sync.RWMutex
	remotes map[string]*remote
	leaving map[*remote]struct{} // unregistered, with calls under way
	closed  bool
}

var _ Caller = (*Client)(nil)

// NewClient makes a client without services. It starts nothing before Register.
func NewClient(o ...ClientOption) *Client {
	opts := clientOptions{registerOptions{
		linkOptions: defaultLink(),
		callOptions: callOptions{timeout: DefaultTimeout, deadline: DefaultDeadline},
		wait:        DefaultWait,
	}}
	for _, opt := range o {
		opt.applyClient(&opts)
	}
	c := &Client{
		id: newInstanceID(), opts: opts, ids: wire.NewIDSource(), remotes: map[string]*remote{}, leaving: map[*remote]struct{}{},
		sends: newSemaphore(MaxSent), settling: newQueue(MaxResponding, finish),
	}
	return c
}

// Register makes a service known by name and binds or dials its addresses; instances may come before or
// after. The same again is nil; other addresses for a known name are an error. The error says which
// address cannot be used and why; nothing is registered then.
func (c *Client) Register(name string, addrs []Addr, o ...RegisterOption) error {
	if !wire.ValidName(name) || len(addrs) == 0 {
		return fmt.Errorf("service: register %q: a service has a name of 1 to %d bytes without control characters, and at least one address",
			printable.Cut(name, wire.MaxName), wire.MaxName)
	}
	c.registering.Lock()
	defer c.registering.Unlock()
	c.mu.Lock()
	known, others, closed := c.remotes[name], len(c.remotes), c.closed
	c.mu.Unlock()
	switch {
	case closed:
		return ErrClosed
	case known != nil && slices.Equal(known.addrs, addrs):
		return nil
	case known != nil:
		return fmt.Errorf("service: register %s: it is registered at other addresses; Unregister it first", name)
	case others >= wire.MaxServices:
		return fmt.Errorf("service: register %s: %d services are registered, more do not fit into a hello", name, others)
	}
	return c.open(name, addrs, o)
}

// open binds or dials without the lock of the map, which every call takes: it may have to wait for a file.
func (c *Client) open(name string, addrs []Addr, o []RegisterOption) error {
	opts := c.opts.registerOptions
	opts.secret = Secret{}
	for _, opt := range o {
		opt.applyRegister(&opts)
	}
	own := !opts.secret.IsZero()
	if !own {
		opts.secret = c.opts.secret
	}
	r := newRemote(c, name, addrs, opts)
	r.ownSecret = own
	if err := r.open(); err != nil {
		return fmt.Errorf("service: register %s: %w", name, err)
	}
	c.mu.Lock()
	closed := c.closed // meanwhile
	if !closed {
		c.remotes[name] = r
		c.tell()
	}
	c.mu.Unlock()
	if closed {
		r.shutdown(context.Background()) // there are no calls to wait for
		return ErrClosed
	}
	return nil
}

// Unregister takes no more calls for a service, waits for those under way until ctx ends, and closes its
// addresses. The error says that some were cut off.
func (c *Client) Unregister(ctx context.Context, name string) error {
	c.mu.Lock()
	r := c.remotes[name]
	if r != nil {
		delete(c.remotes, name)
		c.leaving[r] = struct{}{}
		c.tell()
	}
	c.mu.Unlock()
	if r == nil {
		return failure(ErrUnknownService, "%s", name)
	}
	err := errors.Join(r.shutdown(ctx))
	c.mu.Lock()
	delete(c.leaving, r)
	c.mu.Unlock()
	return err
}

// Ready waits until an instance of a service takes requests. Errors: ErrUnavailable when ctx ends before,
// ErrUnknownService, ErrClosed.
func (c *Client) Ready(ctx context.Context, name string) error {
	r, err := c.remote(name)
	if err != nil {
		return err
	}
	return r.ready(ctx)
}

// Addrs gives the addresses of a service as they are bound or dialled, with the ports that the system chose;
// nil for an unknown one.
func (c *Client) Addrs(name string) []Addr {
	r, err := c.remote(name)
	if err != nil {
		return nil
	}
	addrs := slices.Clone(r.addrs)
	for i, n := range r.nodes {
		a := n.Addr()
		addrs[i].Requests, addrs[i].Responses = a.Requests.String(), a.Responses.String()
	}
	return addrs
}

// MaxBody returns how many bytes a body sent to a service may have, or received from it: see WithMaxBody. It is 0 for an
// unknown service.
func (c *Client) MaxBody(name string) int {
	r, err := c.remote(name)
	if err != nil {
		return 0
	}
	return r.opts.maxBody
}

// Shutdown takes no more calls, waits until those under way have their answers and the response handlers
// of Sends have returned, and closes everything. When ctx ends before, the rest is cut off: calls are lost,
// response handlers of Sends are told 502, and the error wraps ctx's.
func (c *Client) Shutdown(ctx context.Context) error {
	cut, stuck := c.end(ctx)
	return errors.Join(cut, stuck)
}

// Close is Shutdown without grace: calls under way are lost. The error says that response handlers still
// run after 5 s.
func (c *Client) Close() error {
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(ErrClosed)
	_, stuck := c.end(ctx)
	return stuck
}

// end ends the client. The errors say what was cut off, and what still runs.
func (c *Client) end(ctx context.Context) (cut, stuck error) {
	c.mu.Lock()
	c.closed = true
	remotes := slices.AppendSeq(slices.Collect(maps.Values(c.remotes)), maps.Keys(c.leaving))
	c.mu.Unlock()
	var wait sync.WaitGroup
	cuts, stucks := make([]error, len(remotes)), make([]error, len(remotes))
	for i, r := range remotes {
		wait.Go(func() { cuts[i], stucks[i] = r.shutdown(ctx) })
	}
	wait.Wait()
	c.settling.end()
	return errors.Join(cuts...), errors.Join(stucks...)
}

func (c *Client) remote(name string) (*remote, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.closed {
		return nil, failure(ErrClosed, "")
	}
	if r := c.remotes[name]; r != nil {
		return r, nil
	}
	return nil, failure(ErrUnknownService, "%s", printable.Cut(name, wire.MaxName))
}

// tell renews what this app says of itself, and says it again to whoever is there. c.mu is held.
func (c *Client) tell() {
	var common *wire.Hello // of the services without a secret of their own: they all may reach the same
	for _, r := range c.remotes {
		hello := common
		if hello == nil || r.ownSecret {
			hello = c.greeting(c.reachedBy(r))
		}
		if !r.ownSecret {
			common = hello
		}
		r.told.Store(hello)
		r.sayHello()
	}
}

// reachedBy names the services that instances of r may forward to. c.mu is held.
func (c *Client) reachedBy(r *remote) (services []string) {
	for name, other := range c.remotes {
		if r.trusts(other) {
			services = append(services, name)
		}
	}
	slices.Sort(services)
	return services
}

// greeting is what this app says of itself to an instance that may forward to the given services.
func (c *Client) greeting(services []string) *wire.Hello {
	return &wire.Hello{
		Instance: c.id, Name: cleanName(c.opts.name), MinVersion: wire.MinVersion, MaxVersion: wire.Version,
		Services: services,
	}
}

// Stats are counters since the client was made.
type Stats struct {
	Late      uint64 // answers whose caller had left; dropped
	Stranger  uint64 // answers that nobody asked this instance for; dropped
	Malformed uint64 // messages that could not be read
	Retries   uint64 // further attempts of calls that are declared idempotent
}

type counters struct{ late, stranger, malformed, retries atomic.Uint64 }

// Stats reads the counters.
func (c *Client) Stats() Stats {
	return Stats{c.stats.late.Load(), c.stats.stranger.Load(), c.stats.malformed.Load(), c.stats.retries.Load()}
}

func (r *remote) sayHello() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, i := range r.instances {
		i.greet()
	}
}
