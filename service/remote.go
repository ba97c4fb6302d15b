package service

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"quartet/handler"
	"quartet/transport"
	"quartet/transport/wire"
)

// remote is one registered service as the client sees it: its instances, and the calls that wait for one.
type remote struct {
	client *Client
	name   string
	addrs  []Addr
	opts   registerOptions
	nodes  []node

	ownSecret bool                       // it was registered with a secret of its own
	told      atomic.Pointer[wire.Hello] // what its instances hear of this app

	base context.Context // of the response handlers of Sends; ends with the grace
	stop context.CancelFunc

	unreadable rarely

	mu        sync.Mutex
	instances []*instance
	sets      map[string]*routeSet // by their text, so that equal routes are matched once
	last      *instance            // that was asked last
	waiting   waitList
	budget    retryBudget
	changed   chan struct{} // closed and renewed when instances come, go or change
	active    gauge         // calls, sends and response handlers under way
	placing   gauge         // calls that look for an instance
	closed    atomic.Bool   // no new calls; it changes under mu
	unbound   bool          // no new instances
	byeSaid   bool          // no more requests
	cut       chan struct{} // closed when the grace is over: everything ends now
	cutErr    error         // tells what was cut off
	ended     chan struct{} // closed when shutdown is done
	stuckErr  error         // set before that: what still runs
}

func newRemote(c *Client, name string, addrs []Addr, opts registerOptions) *remote {
	r := &remote{
		client: c, name: name, addrs: slices.Clone(addrs), opts: opts, sets: map[string]*routeSet{},
		changed: make(chan struct{}), cut: make(chan struct{}),
		ended: make(chan struct{}), budget: budgetStart,
	}
	r.base, r.stop = context.WithCancel(context.Background())
	r.told.Store(c.greeting(nil))
	return r
}

func (r *remote) open() error {
	cfg := r.opts.config(transport.App)
	cfg.Accept = r.accept
	nodes, err := openAll(r.addrs, func(a Addr) bool { return !a.ServiceBinds }, cfg)
	if err != nil {
		r.mu.Lock()
		r.closed.Store(true) // who came meanwhile must not stay
		r.mu.Unlock()
		r.closePeers()
		return err
	}
	r.nodes = nodes
	return nil
}

// accept makes an instance of a new peer. It takes requests once it has said hello, or for want of that
// after a second.
func (r *remote) accept(p *transport.Peer) transport.Receiver {
	i := &instance{remote: r, peer: p, frames: frameSender{p}, pending: map[wire.ID]*attempt{}}
	i.standing.run = burstTime
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed.Load() || !p.AdmittedBy(r.opts.secret) { // the secret may have changed since its handshake began
		return nil
	}
	i.plainTimer = time.AfterFunc(plainAfter, i.silentSoFar)
	r.instances = append(r.instances, i)
	i.greet()
	return i
}

// remove forgets an instance. The lock is held.
func (r *remote) remove(i *instance) {
	if at := slices.Index(r.instances, i); at >= 0 {
		r.instances = slices.Delete(r.instances, at, at+1)
	}
	if r.last == i {
		r.last = nil
	}
	r.dropSet(i.routes)
}

// dropSet forgets routes that no instance serves any more. The lock is held.
func (r *remote) dropSet(set *routeSet) {
	if set != nil && !slices.ContainsFunc(r.instances, func(o *instance) bool { return o.routes == set }) {
		delete(r.sets, set.text)
	}
}

// routeSet finds or makes the matcher of what an instance serves; nil for routes that were not told.
func (r *remote) routeSet(told []wire.Route) (*routeSet, error) {
	if told == nil {
		return nil, nil
	}
	text := routesText(told)
	r.mu.Lock()
	set := r.sets[text]
	r.mu.Unlock()
	if set != nil {
		return set, nil
	}
	m, err := handler.NewMatcher(handler.RoutesFromWire(told))
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if set = r.sets[text]; set == nil {
		set = &routeSet{text: text, Matcher: m}
		r.sets[text] = set
	}
	return set, nil
}

// answer hands the final message of a request to whoever waits. Only the instance that was asked can
// answer; what nobody waits for is dropped and counted.
func (r *remote) answer(i *instance, id wire.ID, res result) {
	now := time.Now()
	r.mu.Lock()
	a := i.pending[id]
	if a == nil {
		r.mu.Unlock()
		r.client.stats.stranger.Add(1)
		res.hold.Release()
		return
	}
	i.drop(a)
	i.note(a, res, now)
	if a.left {
		r.client.stats.late.Add(1)
		res.hold.Release()
	} else {
		a.end(res)
	}
	r.placeWaiting()
	i.answeredAlone(a, now.Sub(a.started))
	r.mu.Unlock()
}

// note keeps what the end of an attempt tells of its instance: whether it fails, how busy it is, whether it had time for the
// call. The lock is held.
func (i *instance) note(a *attempt, res result, now time.Time) {
	answered := res.resp != nil && res.resp.Outcome == wire.OutcomeAnswered
	switch {
	case a.left && (res.resp == nil || res.resp.Status >= 500): // its caller left, which may be why it failed
	case res.err != nil, answered && res.resp.Status >= 500:
		i.remote.failed(i, res.err != nil || res.resp.Status != http.StatusGatewayTimeout)
	case res.forward != nil, answered:
		i.health.succeeded(now)
	}
	switch {
	case res.forward != nil:
		i.learn(a, wire.OutcomeAnswered, now) // it had time for the call
	case res.resp != nil:
		if answered {
			i.standing.ran(res.resp.Run)
		}
		i.standing.answered(res.resp.Load, now.Sub(a.started), now)
		i.learn(a, res.resp.Outcome, now)
		i.draining = i.draining || res.resp.Outcome == wire.OutcomeDraining // bye is on its way
	}
}

// leave says that nobody waits for an attempt any more: the instance is told, and has a little time to
// send its final message before the place in its window is taken as free.
func (r *remote) leave(a *attempt) {
	r.mu.Lock()
	if a.inst.pending[a.id] != a { // it ended in this very moment
		r.discard(a)
		r.mu.Unlock()
		r.client.stats.late.Add(1)
		return
	}
	a.left = true
	a.forget = time.AfterFunc(forgetAfter, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if a.inst.drop(a) {
			r.placeWaiting()
		}
	})
	r.mu.Unlock()
	a.inst.frames.send(&wire.Cancel{ID: a.id})
}

// tooLate notes that an instance had not answered at the deadline of a caller.
func (r *remote) tooLate(a *attempt) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed(a.inst, false)
}

// capacityChanged tells everybody who waits for instances. The lock is held.
func (r *remote) capacityChanged() {
	close(r.changed)
	r.changed = make(chan struct{})
	r.waiting.capacityChanged()
	r.placeWaiting()
}

// ready waits until an instance takes requests.
func (r *remote) ready(ctx context.Context) error {
	for {
		r.mu.Lock()
		there := slices.ContainsFunc(r.instances, (*instance).takesRequests)
		changed, closed := r.changed, r.closed.Load()
		r.mu.Unlock()
		switch {
		case closed:
			return failure(ErrClosed, "")
		case there:
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return failure(ErrUnavailable, "service %s: %w", r.name, context.Cause(ctx))
		}
	}
}

func (i *instance) takesRequests() bool { return i.ready && !i.draining && !i.down }
