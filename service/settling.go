package service

import (
	"context"
	"errors"
	"net/http"
	"time"

	"quartet/handler"
	"quartet/transport/wire"
)

// settling is an accepted Send that has ended, with what its response handler gets.
type settling struct {
	call   *call
	answer *handler.Response
}

// park leaves an accepted Send to what ends it first: its attempt, its deadline, or the end of the client. No goroutine waits
// for that.
func (k *call) park(a *attempt) {
	r := k.remote
	r.mu.Lock()
	ended, cut := a.inst.pending[a.id] != a, r.isCut()
	if !ended {
		a.parked, k.inbox.sent = k, a
		k.inbox.ringAfter(time.Until(k.deadline))
	}
	r.mu.Unlock()
	switch {
	case cut && !ended: // it was not parked when that was told
		a.abandon(failure(ErrLost, cutText))
	case ended:
		if end := <-k.inbox.ends; end.err != errCut {
			k.settle(a, end)
			return
		}
		k.unpark()
		k.settleWith(failedAnswer(failure(ErrLost, cutText)))
	}
}

// abandon ends a parked Send without its answer, unless it has ended.
func (a *attempt) abandon(why error) {
	r := a.inst.remote
	r.mu.Lock()
	k := a.parked
	a.parked = nil
	r.mu.Unlock()
	if k != nil {
		r.leave(a)
		k.unpark()
		k.settleWith(failedAnswer(why))
	}
}

// settle takes the end of the attempt of a parked Send. It does not wait, and the lock may be held.
func (k *call) settle(a *attempt, end result) {
	k.unpark()
	if end.resp == nil || end.resp.Outcome != wire.OutcomeAnswered {
		go k.pursue(a, end)
		return
	}
	end.hold.Release() // the answer counts among what Sends hold
	k.settleWith(handler.ResponseFromWire(end.resp))
}

func (k *call) unpark() {
	k.home.client.spares.giveBack(k.inbox)
	k.inbox = nil
}

// settleWith hands a Send that has ended to one of MaxResponding goroutines.
func (k *call) settleWith(answer *handler.Response) {
	c, size := k.home.client, sizeInWindow(answer.Body)
	c.held.Add(size - k.size)
	k.size, k.req.Body = size, nil // nobody asks again
	c.settling.do(settling{k, answer})
}

// finish runs the response handler of a Send. Shutdown waits for it.
func finish(s settling) {
	k := s.call
	defer k.end()
	defer k.home.client.settled(k.size)
	if k.home.opts.responses != nil {
		ctx := k.home.responding()
		defer ctx.end(context.Canceled)
		k.respond(ctx, s.answer)
	}
}

// pursue takes a Send that came back unserved, or was forwarded, to other instances until it ends.
func (k *call) pursue(a *attempt, end result) {
	k.inbox = k.home.client.spares.inbox()
	k.inbox.ringAfter(time.Until(k.deadline))
	answer, err := k.pursued(a, end)
	if err != nil {
		answer = failedAnswer(err)
	}
	k.unpark()
	k.settleWith(answer)
}

func (k *call) pursued(a *attempt, end result) (*handler.Response, error) {
	for {
		switch end.err {
		case errExpired:
			k.remote.leave(a)
			return nil, failure(ErrTimeout, "")
		case errCut:
			k.remote.leave(a)
			return nil, failure(ErrLost, cutText)
		}
		resp, again, err := k.judge(a, end)
		if !again {
			return resp, err
		}
		if a, err = k.placeAgain(); err != nil {
			return nil, err
		}
		select {
		case end = <-k.inbox.ends:
		case <-k.homeCut:
			end = result{err: errCut}
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

// responding is the context of a response handler: that of the remote, which ends with the grace, and for
// those that are told so after it, a little time of their own.
func (r *remote) responding() *workContext {
	if r.base.Err() != nil {
		return &workContext{owner: context.Background(), deadline: time.Now().Add(closeLimit)}
	}
	return &workContext{owner: r.base, deadline: time.Now().Add(respondingLimit)}
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
