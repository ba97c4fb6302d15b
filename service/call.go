package service

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"time"

	"quartet/handler"
	"quartet/transport/wire"
)

// Call implements Caller: it asks the least loaded instance that serves the path, and waits. The request
// is read until Call returns and not changed. The response's body is the caller's. Where calls follow each other one by one the
// caller reads its answer itself; it may hear up to 4 ms late then that its context was canceled, or that its client ends.
func (c *Client) Call(ctx context.Context, service string, r *handler.Request, o ...CallOption) (*Reply, error) {
	k, opts, err := c.newCall(ctx, service, r, false, o)
	if err != nil {
		return nil, err
	}
	defer k.end()
	now := time.Now()
	k.deadline = now.Add(opts.timeout)
	if at, ok := ctx.Deadline(); ok && at.Before(k.deadline) {
		k.deadline = at
	}
	resp, err := k.run(ctx, k.deadline.Sub(now))
	if err != nil {
		return nil, err
	}
	reply := &Reply{Response: resp}
	if k.home.opts.responses != nil {
		ctx, cancel := context.WithDeadline(ctx, k.deadline)
		defer cancel()
		reply.Made, reply.MadeErr = k.respond(ctx, resp)
	}
	return reply, nil
}

// newCall checks a request and counts the call in; on success call.end must be called.
func (c *Client) newCall(ctx context.Context, service string, r *handler.Request, sent bool, o []CallOption) (*call, callOptions, error) {
	remote, err := c.remote(service)
	if err != nil {
		return nil, callOptions{}, err
	}
	if r == nil {
		return nil, callOptions{}, failure(ErrInvalid, "a nil request")
	}
	opts := remote.opts.callOptions
	for _, opt := range o {
		opt.applyCall(&opts)
	}
	k := &call{home: remote, remote: remote, sent: sent, again: opts.again && !sent, req: wire.Request{
		Path: r.Path, Method: r.Method, From: orDefault(opts.from, c.id), Header: r.Header, Args: r.Args, Body: r.Body,
	}}
	if err := k.follows(ctx); err != nil {
		return nil, opts, err
	}
	if k.req.Method == "" {
		k.req.Method = orDefault(opts.method, handler.MethodRequest)
	}
	if len(opts.args) > 0 {
		args := maps.Clone(opts.args)
		maps.Copy(args, r.Args)
		k.req.Args = args
	}
	if sent {
		k.req.Flags |= wire.FlagSent
	}
	if err := wire.Check(&k.req); err != nil {
		return nil, opts, refuse(err)
	}
	if len(r.Body) > remote.opts.maxBody {
		return nil, opts, failure(ErrTooLarge, "a body of %d bytes, the limit is %d", len(r.Body), remote.opts.maxBody)
	}
	k.size = sizeInWindow(r.Body)
	return k, opts, remote.begin()
}

// sizeInWindow is what a request counts: its body, so that four of the largest fill a window of 16 MiB, and
// at least what the rest of it is likely to take.
func sizeInWindow(body []byte) int64 { return int64(max(len(body), 256)) }

func orDefault(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}

// run takes a sync call to its end, over as many attempts as that takes. Another instance gets what came back unserved, or was
// never written; and a call that may run twice, also after a failure.
func (k *call) run(ctx context.Context, left time.Duration) (*handler.Response, error) {
	spares := &k.home.client.spares
	k.inbox = spares.inbox()
	k.inbox.ringAfter(left)
	defer spares.giveBack(k.inbox)
	for {
		a, err := k.remote.place(ctx, k)
		switch {
		case err != nil && k.answer != nil: // there is no better one
			return k.answer, nil
		case err != nil && k.lost > 0: // it may have run before
			return nil, failure(ErrLost, "and then: %v", err)
		case err != nil:
			return localAnswer(err)
		}
		k.remote.lead(a, k)
		var end result
		select {
		case end = <-k.inbox.ends:
		case <-k.homeCut:
			end.err = errCut
		case <-ctx.Done():
			k.remote.leave(a)
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				k.remote.tooLate(a)
			}
			return nil, leftBy(ctx)
		}
		switch end.err {
		case errExpired:
			k.remote.leave(a)
			k.remote.tooLate(a)
			return nil, failure(ErrTimeout, "")
		case errCut:
			k.remote.leave(a)
			return nil, failure(ErrLost, cutText)
		}
		tries := k.retries
		resp, again, err := k.judge(a, end)
		switch {
		case again && k.retries > tries:
			k.pause(ctx)
		case again: // unserved, or forwarded
		case err == nil && resp.Code() == http.StatusGatewayTimeout && !time.Now().Before(k.deadline):
			return nil, failure(ErrTimeout, "") // both sides keep the time; whichever told first, it is the caller's
		default:
			return resp, err
		}
	}
}

// localAnswer makes an answer of what the client knows as well as an instance would: that no route fits.
func localAnswer(err error) (*handler.Response, error) {
	if errors.Is(err, handler.ErrNoRoute) {
		resp := handler.ErrorResponse(err)
		resp.Err = err
		return resp, nil
	}
	return nil, err
}

// judge says what the end of an attempt means for its call.
func (k *call) judge(a *attempt, res result) (resp *handler.Response, again bool, err error) {
	if res.err != nil {
		if a.inst.gone() && a.inst.peer.Unwritten(a.mark) {
			return nil, true, nil
		}
		k.lost++
		return nil, k.retry(), res.err
	}
	defer res.hold.Release()
	if res.forward != nil {
		err := k.follow(res.forward)
		return nil, err == nil, err
	}
	switch res.resp.Outcome {
	case wire.OutcomeAnswered:
		resp := handler.ResponseFromWire(res.resp)
		if k.again && transient(resp) && k.retry() {
			k.refused, k.answer = append(k.refused, a.inst), resp
			return nil, true, nil
		}
		return resp, false, nil
	case wire.OutcomeOverloaded, wire.OutcomeDraining:
		k.refused = append(k.refused, a.inst)
		return nil, true, nil
	}
	return nil, false, rejected(res.resp)
}

// rejected is the failure of a request that an instance did not run, and that no other shall.
func rejected(resp *wire.Response) *handler.Error {
	e := failure(ErrRejected, "%s: %s", resp.Outcome, resp.Reason)
	e.Header = nil
	switch resp.Outcome {
	case wire.OutcomeForbidden:
		e.Status, e.Reason = http.StatusForbidden, "forbidden"
	case wire.OutcomeExpired:
		e.Status, e.Reason = http.StatusGatewayTimeout, "the service did not come to it in time"
	}
	return e
}

func (i *instance) gone() bool {
	i.remote.mu.Lock()
	defer i.remote.mu.Unlock()
	return i.down
}

// respond runs the response handler on an answer, if one is registered for the path of the request and
// the METHOD of the response.
func (k *call) respond(ctx context.Context, resp *handler.Response) (*handler.Response, error) {
	h := k.home.opts.responses
	if h == nil || k.req.From != k.home.client.id { // what this process relays is for whoever asked
		return nil, nil
	}
	began := time.Now()
	asked := k.question()
	made, err := handler.Run(ctx, h, handler.ForAnswer(asked, resp))
	if unhandled(err) || k.sent && err == handler.ErrNoResponse { // of a Send it would go nowhere
		return nil, nil
	}
	if _, _, ok := made.Forwards(); ok {
		made, err = nil, errForwardedAnswer
	}
	if err != nil && handler.StatusOf(err) >= http.StatusInternalServerError {
		k.home.logFailure("a response handler failed", asked.Path, resp.Method, err, time.Since(began))
	}
	return made, err
}

// unhandled says that no response handler is there for an answer. A handler's own 404 is not that, nor that
// of a call that it made.
func unhandled(err error) bool {
	var e *handler.Error
	return errors.As(err, &e) && !e.Remote && e.Err == handler.ErrNoRoute
}
