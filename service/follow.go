package service

import (
	"context"
	"errors"
	"net/http"

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
	k.home.client.followed.Store(true)
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
		if err := next.begin(); err != nil {
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

// next finds the service that an instance of another one forwards to. One secret is one zone of trust: an instance must not reach into another through an app that is part of both.
func (c *Client) next(from *remote, name string) (*remote, error) {
	c.mu.Lock()
	to := c.remotes[name]
	c.mu.Unlock()
	err := failure(ErrUnknownService, "a forward from %s to %s", from.name, name)
	err.Status, err.Reason = http.StatusBadGateway, "the service forwards to one that is not known here"
	switch {
	case to == nil:
		return nil, err
	case !from.trusts(to):
		err = failure(ErrUnknownService, "a forward from %s to %s, which has another secret", from.name, name)
		err.Status, err.Reason = http.StatusBadGateway, "the service forwards to one that it may not reach"
		return nil, err
	}
	return to, nil
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
	if k.asked != nil {
		k.asked.ID = k.req.ID
		return k.asked
	}
	return &k.req
}

// begin counts one call in; end counts it out.
func (r *remote) begin() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return failure(ErrClosed, "")
	}
	r.active.add()
	return nil
}

func (r *remote) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.active.done()
}

// end counts a call out.
func (k *call) end() {
	k.leaveRemote()
	k.home.end()
}

func (k *call) leaveRemote() {
	if k.remote != k.home {
		k.remote.end()
		k.remote = k.home
	}
}

// waitForCalls waits until no service has a call under way, or ctx ends: of a client whose calls are forwarded any of
// them may need any service.
func waitForCalls(ctx context.Context, remotes []*remote) {
	for _, r := range remotes {
		r.mu.Lock()
		idle := r.active.none
		r.mu.Unlock()
		select {
		case <-idle:
		case <-ctx.Done():
			return
		}
	}
}
