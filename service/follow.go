package service

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"

	"quartet/handler"
	"quartet/transport/wire"
)

// errForwardedAnswer is what becomes of a response handler that forwards: its request was answered.
var errForwardedAnswer = errors.New("service: a response handler cannot forward")

// follows makes a call part of what its context belongs to: a request that is being served, or the event of a page.
func (k *call) follows(ctx context.Context) error {
	t, ok := handler.TrailFrom(ctx)
	if !ok {
		return nil
	}
	k.req.Header = t.Apply(k.req.Header)
	return k.hop(t.Hops)
}

// hop notes how many services lie behind the call.
func (k *call) hop(n int) error {
	if n > handler.MaxHops {
		return failure(ErrLoop, "%d", handler.MaxHops)
	}
	k.req.Hops = uint8(n)
	return nil
}

// follow sends a call on to the service that the instance named. Deadline, flags and who asked stay.
func (k *call) follow(f *wire.Forward) error {
	next, err := k.home.client.next(k.remote, f.Service)
	if err != nil {
		return err
	}
	if k.asked == nil {
		asked := k.req
		asked.Body = nil
		k.asked, k.homeCut = &asked, k.home.cut
	}
	if next != k.home {
		if err := next.arrives(); err != nil {
			return err
		}
	}
	k.leaveRemote()
	k.remote = next
	k.req.Path, k.req.Method, k.req.Header, k.req.Args, k.req.Body = f.Path, f.Method, f.Header, f.Args, f.Body
	if err := k.hop(int(k.req.Hops) + 1); err != nil {
		return err
	}
	if len(f.Body) > next.opts.maxBody {
		return failure(ErrTooLarge, "a forwarded body of %d bytes, the limit is %d", len(f.Body), next.opts.maxBody)
	}
	size := sizeInWindow(f.Body)
	if k.sent {
		k.home.client.held.Add(size - k.size)
	}
	k.size, k.refused = size, nil
	return nil
}

// next finds the service that an instance of another one forwards to. One secret is one zone of trust: an instance must
// not reach into another zone through an app that is part of both.
func (c *Client) next(from *remote, name string) (*remote, error) {
	c.mu.Lock()
	to := c.remotes[name]
	c.mu.Unlock()
	switch {
	case to == nil:
		return nil, notForwarded("the service forwards to one that is not known here", "a forward from %s to %s", from.name, name)
	case !from.trusts(to):
		return nil, notForwarded("the service forwards to one that it may not reach",
			"a forward from %s to %s, which has another secret", from.name, name)
	}
	return to, nil
}

// notForwarded is the failure of a request that an instance forwards to nowhere: not who asked is to blame.
func notForwarded(reason, detail string, args ...any) *handler.Error {
	e := failure(ErrUnknownService, detail, args...)
	e.Status, e.Reason = http.StatusBadGateway, reason
	return e
}

// trusts says whether instances of one service may forward to another: it is called with the same secret.
func (r *remote) trusts(other *remote) bool {
	if r == other {
		return true
	}
	a, b := r.secret(), other.secret()
	return a.IsZero() && b.IsZero() || a.Shares(b)
}

func (r *remote) secret() Secret {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.opts.secret
}

// question is the request as it was asked, before it was forwarded.
func (k *call) question() *wire.Request {
	asked := &k.req
	if k.asked != nil {
		k.asked.ID, asked = k.req.ID, k.asked
	}
	if k.sent {
		asked.ID = k.id
	}
	return asked
}

// begin counts one call in; end counts it out.
func (r *remote) begin() error {
	r.active.add() // before the look, so that whoever closes waits for it, or it sees that
	if r.closed.Load() {
		r.active.done()
		return failure(ErrClosed, "")
	}
	return nil
}

// arrives is begin for a call that was forwarded. Those still come when the whole client ends; see afterForwards.
func (r *remote) arrives() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.byeSaid {
		return failure(ErrClosed, "")
	}
	r.active.add()
	r.budget.deposit()
	return nil
}

// end counts a call out.
func (k *call) end() {
	k.leaveRemote()
	k.home.active.done()
}

func (k *call) leaveRemote() {
	if k.remote != k.home {
		k.remote.active.done()
		k.remote = k.home
	}
}

// afterForwards tells when all calls of a service that ends have found an instance. Where the
// whole client ends, and there are others to forward to it, it first waits for those of all services: any of them may come here,
// and none can once bye is said.
func (r *remote) afterForwards(ctx context.Context) (placed <-chan struct{}) {
	for _, other := range r.client.forwarding() {
		select {
		case <-other.active.idle():
		case <-r.cut:
		case <-ctx.Done():
		}
	}
	return r.placing.idle()
}

// forwarding lists the services of a client that ends and whose calls may be forwarded: even the first one may come now.
func (c *Client) forwarding() []*remote {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed || len(c.remotes)+len(c.leaving) < 2 {
		return nil
	}
	return slices.AppendSeq(slices.Collect(maps.Values(c.remotes)), maps.Keys(c.leaving))
}
