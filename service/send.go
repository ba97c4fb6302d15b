package service

import (
	"context"
	"errors"
	"fmt"
	"net/http"
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
	k.deadline = time.Now().Add(opts.deadline)
	a, err := k.remote.place(ctx, k)
	if err != nil {
		c.settled(k.size)
		k.end()
		return "", unplaced(service, err)
	}
	k.id = a.id
	c.settling.do(settling{k, a})
	return a.id.String(), nil
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

// settling is an accepted Send and its first attempt.
type settling struct {
	call    *call
	attempt *attempt
}

// settle waits for the receipt of an accepted Send, for one of MaxResponding places, and runs its response
// handler. Shutdown waits for it.
func settle(s settling) {
	k := s.call
	defer k.end()
	answer := k.receipt(s.attempt)
	held := sizeInWindow(answer.Body)
	k.home.client.held.Add(held - k.size)
	defer k.home.client.settled(held)
	k.req.Body = nil // nobody asks again
	runs := k.home.client.runs
	runs <- struct{}{} // bounded by MaxResponding handlers of respondingLimit each
	defer runs.release()
	if k.home.opts.responses != nil {
		ctx := k.home.responding()
		defer ctx.end(context.Canceled)
		k.respond(ctx, answer)
	}
}

// responding is the context of a response handler: that of the remote, which ends with the grace, and for
// those that are told so after it, a little time of their own.
func (r *remote) responding() *workContext {
	if r.base.Err() != nil {
		return &workContext{owner: context.Background(), deadline: time.Now().Add(closeLimit)}
	}
	return &workContext{owner: r.base, deadline: time.Now().Add(respondingLimit)}
}

// receipt waits for the answer to a sent request, or makes one.
func (k *call) receipt(a *attempt) *handler.Response {
	spares := &k.home.client.spares
	expired := spares.timer(time.Until(k.deadline))
	defer spares.putTimer(expired)
	for {
		select {
		case res := <-a.result:
			spares.putResult(a.result)
			resp, again, err := k.judge(a, res)
			if again {
				a, err = k.placeAgain()
			}
			switch {
			case err != nil:
				return failedAnswer(err)
			case !again:
				return resp
			}
		case <-expired.C:
			k.remote.leave(a)
			return failedAnswer(failure(ErrTimeout, ""))
		case <-k.remote.cut:
			k.remote.leave(a)
			return failedAnswer(failure(ErrLost, cutText))
		case <-k.homeCut:
			k.remote.leave(a)
			return failedAnswer(failure(ErrLost, cutText))
		}
	}
}

// placeAgain finds another instance before the deadline.
func (k *call) placeAgain() (*attempt, error) {
	ctx, cancel := context.WithDeadline(context.Background(), k.deadline)
	defer cancel()
	a, err := k.remote.place(ctx, k)
	if err != nil && ctx.Err() != nil {
		err = failure(ErrTimeout, "and then: %v", err)
	}
	return a, err
}

// failedAnswer is what a response handler gets where no answer came.
func failedAnswer(err error) *handler.Response {
	resp := handler.ErrorResponse(err)
	resp.Method, resp.Err = handler.MethodResponse, err
	if errors.Is(err, ErrClosed) { // it was accepted before: for its handler it is lost
		resp.Status = http.StatusBadGateway
	}
	return resp
}
