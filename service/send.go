package service

import (
	"context"
	"errors"
	"net/http"
	"time"

	"quartet/handler"
)

// Send implements Caller. It returns when the request is in the queue of a link to a live instance; ctx
// bounds that, and nothing after. The response is the receipt: the response handler is called exactly
// once, with the answer, or with METHOD "response" and Answer.Err set where none came: status 502 when
// the instance was lost or this client was shut down, 504 when the deadline of the work passed (see
// WithDeadline), 503 when it was sent back and no other instance takes it. The request must not be
// changed before that. An error says that nothing was sent, and that no response handler will be called.
func (c *Client) Send(ctx context.Context, service string, r *handler.Request, o ...CallOption) (id string, err error) {
	k, opts, err := c.newCall(service, r, true, o)
	if err != nil {
		return "", err
	}
	if !c.sends.tryAcquire() {
		k.remote.end()
		return "", failure(ErrRejected, "overloaded: %d sent requests are not settled yet", MaxSent)
	}
	k.deadline = time.Now().Add(opts.deadline)
	a, err := k.remote.place(ctx, k)
	if err != nil {
		c.sends.release()
		k.remote.end()
		return "", err
	}
	go k.settle(a)
	return a.id.String(), nil
}

// settle waits for the receipt of an accepted Send and runs its response handler. It ends at the latest
// with the deadline of the work and the time limit of the handler; Shutdown waits for it.
func (k *call) settle(a *attempt) {
	defer k.remote.end()
	defer k.remote.client.sends.release()
	answer := k.receipt(a)
	runs := k.remote.client.runs
	runs <- struct{}{} // bounded by MaxResponding handlers of respondingLimit each
	defer runs.release()
	ctx, cancel := context.WithTimeout(k.remote.client.base, respondingLimit)
	defer cancel()
	k.respond(ctx, answer)
}

// receipt waits for the answer to a sent request, or makes one.
func (k *call) receipt(a *attempt) *handler.Response {
	ctx, cancel := context.WithDeadline(context.Background(), k.deadline)
	defer cancel()
	for {
		select {
		case res := <-a.result:
			resp, again, err := k.judge(a, res)
			if again {
				a, err = k.remote.place(ctx, k)
			}
			switch {
			case err != nil:
				return failedAnswer(err)
			case !again:
				return resp
			}
		case <-ctx.Done():
			k.remote.leave(a)
			return failedAnswer(leftBy(ctx))
		case <-k.remote.cut:
			k.remote.leave(a)
			return failedAnswer(failure(ErrLost, cutText))
		}
	}
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
