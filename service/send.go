package service

import (
	"context"
	"errors"
	"fmt"
	"time"

	"quartet/handler"
)

// Send implements Caller. It returns when the request is in the queue of a link to a live instance; ctx
// bounds that, and nothing after. The response is the receipt: the response handler is called exactly
// once, with the answer, or with METHOD "response" and Answer.Err set where none came: status 502 when
// the instance was lost or this client was shut down, 504 when the deadline of the work passed (see
// WithDeadline), 503, 404 or 405 when it was sent back and no other instance takes it. The request must not be
// changed before that. An error says that nothing was sent, and that no response handler will be called.
func (c *Client) Send(ctx context.Context, service string, r *handler.Request, o ...CallOption) (id string, err error) {
	k, opts, err := c.newCall(ctx, service, r, true, o)
	if err != nil {
		return "", err
	}
	if err := c.admitSend(k); err != nil {
		k.end()
		return "", err
	}
	k.deadline, k.inbox = time.Now().Add(opts.deadline), c.spares.inbox()
	a, err := k.remote.place(ctx, k)
	if err != nil {
		c.spares.giveBack(k.inbox)
		c.settled(k.size)
		k.end()
		return "", unplaced(service, err)
	}
	k.id = a.id
	k.park(a)
	return k.id.String(), nil
}

// admitSend bounds the Sends whose response handler has not returned, and the bytes that they hold.
func (c *Client) admitSend(k *call) error {
	if held := c.held.Add(k.size); held > MaxSentBytes && held > k.size {
		c.held.Add(-k.size)
		return failure(ErrRejected, "overloaded: sent requests that are not settled yet hold %d bytes", held-k.size)
	}
	if !c.sends.tryAcquire() {
		c.held.Add(-k.size)
		return failure(ErrRejected, "overloaded: %d sent requests are not settled yet", MaxSent)
	}
	return nil
}

func (c *Client) settled(size int64) {
	c.held.Add(-size)
	c.sends.release()
}

// unplaced keeps a Send that no instance serves from looking like the missing route of a response handler
// that made it.
func unplaced(service string, err error) error {
	var e *handler.Error
	if errors.As(err, &e) && e.Err == handler.ErrNoRoute {
		return &handler.Error{Status: e.Status, Reason: e.Reason, Header: e.Header, Err: fmt.Errorf("service %s: %w", service, e.Err)}
	}
	return err
}
