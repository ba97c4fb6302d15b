package service

import (
	"context"
	"errors"
	"net/http"
	"time"

	"quartet/handler"
	"quartet/transport/wire"
)

// settling is an accepted Send that has ended: how its attempt did, or at once the answer that its response handler gets.
type settling struct {
	call    *call
	attempt *attempt
	end     result
	answer  *handler.Response
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
	case ended:
		k.settle(settling{call: k, attempt: a, end: <-k.inbox.ends})
	case cut: // whoever cut may not have seen it
		a.abandon(failure(ErrLost, cutText))
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
		k.settle(settling{call: k, answer: failedAnswer(why)})
	}
}

// parked lists the Sends that nobody waits for. The lock is held.
func (r *remote) parked() (list []*attempt) {
	for _, i := range r.instances {
		for _, a := range i.pending {
			if a.parked != nil {
				list = append(list, a)
			}
		}
	}
	return list
}

// settle hands a Send that has ended to one of MaxResponding goroutines. From now on it holds the body of the answer.
func (k *call) settle(s settling) {
	c := k.home.client
	c.spares.giveBack(k.inbox)
	k.inbox = nil
	answered := int64(-1)
	switch {
	case s.answer != nil:
		answered = sizeInWindow(s.answer.Body)
	case s.end.resp != nil && s.end.resp.Outcome == wire.OutcomeAnswered:
		answered = sizeInWindow(s.end.resp.Body)
	}
	if answered >= 0 {
		c.held.Add(answered - k.size)
		k.size = answered
	}
	c.settling.do(s)
}

// finish runs the response handler of a Send, or goes on with one that came back unserved. Shutdown waits for it.
func finish(s settling) {
	k := s.call
	if s.answer == nil {
		resp, again, err := k.judge(s.attempt, s.end)
		switch {
		case again:
			go k.pursue()
			return
		case err != nil:
			resp = failedAnswer(err)
		}
		s.answer = resp
	}
	defer k.end()
	defer k.home.client.settled(k.size)
	k.req.Body = nil // nobody asks again
	if k.home.opts.responses != nil {
		ctx := k.home.responding()
		defer ctx.end(context.Canceled)
		k.respond(ctx, s.answer)
	}
}

// pursue takes a Send that came back unserved, or was forwarded, to other instances until it ends.
func (k *call) pursue() {
	spares := &k.home.client.spares
	k.inbox = spares.inbox()
	k.inbox.ringAfter(time.Until(k.deadline))
	answer, err := k.pursued()
	if err != nil {
		answer = failedAnswer(err)
	}
	k.settle(settling{call: k, answer: answer})
}

func (k *call) pursued() (*handler.Response, error) {
	for {
		a, err := k.placeAgain()
		if err != nil {
			return nil, err
		}
		var why error
		select {
		case res := <-k.inbox.ends:
			if res.err != errExpired {
				resp, again, err := k.judge(a, res)
				if !again {
					return resp, err
				}
				continue
			}
			why = failure(ErrTimeout, "")
		case <-k.remote.cut:
			why = failure(ErrLost, cutText)
		case <-k.homeCut:
			why = failure(ErrLost, cutText)
		}
		k.remote.leave(a)
		return nil, why
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
