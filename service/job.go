package service

import (
	"container/list"
	"context"
	"errors"
	"net/http"
	"time"

	"quartet/handler"
	"quartet/transport"
	"quartet/transport/wire"
)

// job is one request at an instance. The scheduler's lock guards the fields from at to over.
type job struct {
	app      *app
	req      *wire.Request
	msg      transport.Message
	size     int64
	asked    handler.Request // req as the handler sees it
	arrival  handler.Arrival // what asked knows besides
	arrived  time.Time
	deadline time.Time
	started  time.Time
	took     time.Duration // the handler, once it has answered
	load     uint32        // of the instance then
	here     bool          // it runs in the goroutine that has read it

	at    *list.Element // in the backlog
	began bool          // the handler runs, or has run
	gone  bool          // nobody waits
	over  bool          // the handler has returned
	ctx   workContext   // of the handler

	vacated bool // it has left the window; the app's lock guards it
}

func (j *job) sent() bool { return j.req.Flags&wire.FlagSent != 0 }

// large is the size of a large request, 0 of any other: these are bounded by their number alone.
func (j *job) large() int64 {
	if j.size <= largeRequest {
		return 0
	}
	return j.size
}

// run serves one job, in a goroutine of the scheduler or where it was read.
func (s *Server) run(j *job) {
	if s.base.Err() != nil { // nothing begins after the end
		s.work.over(j)
		j.msg.Release()
		j.app.settled(j)
		return
	}
	j.started = time.Now()
	if !j.started.Before(j.deadline) {
		s.work.over(j)
		j.app.turnAway(j, wire.OutcomeExpired, "it waited too long for a handler")
		return
	}
	ctx := &j.ctx
	ctx.owner, ctx.deadline = s.base, j.deadline
	defer ctx.end(context.Canceled)
	if !s.work.enterHandler(j) {
		s.work.over(j)
		j.app.turnAway(j, wire.OutcomeExpired, "canceled before it ran")
		return
	}
	j.msg.Release() // the handler has the body now
	j.arrival = handler.Arrival{Caller: j.app.name(), MaxBody: s.opts.maxBody}
	j.asked = handler.FromWire(j.req, &j.arrival)
	req := &j.asked
	handler.RunTo(ctx, s.handler, req, func(resp *handler.Response, err error) {
		if service, path, ok := resp.Forwards(); ok {
			if s.handOver(j, req.ForwardToWire(service, path)) {
				return
			}
			resp, err = s.relay(ctx, req, service, path)
		}
		s.answer(ctx, j, resp, err)
	})
}

// answer sends what a handler made. It is called exactly once for every job that ran.
func (s *Server) answer(ctx context.Context, j *job, resp *handler.Response, err error) {
	j.took = time.Since(j.started)
	s.work.over(j)
	switch {
	case err != nil && s.base.Err() != nil:
		// It was cut off. Its caller will hear that it is lost, and not of an error that this server made.
		s.report(ctx, j, err)
		j.app.settled(j)
		return
	case err != nil:
		s.report(ctx, j, err)
		resp = handler.ErrorResponse(err)
	case resp.Code() < http.StatusBadRequest && j.started.Add(j.took).After(j.deadline) && ctx.Err() != nil:
		// Nobody waits for the body any more; the place in the window still has to be freed.
		resp = handler.ErrorResponse(context.DeadlineExceeded)
	case len(resp.Body) > s.opts.maxBody:
		s.logFailure(j, failure(ErrTooLarge, "a response body of %d bytes, the limit is %d", len(resp.Body), s.opts.maxBody))
		resp = &handler.Response{Status: http.StatusBadGateway, Reason: "the response is too large"}
	}
	w := resp.ToWire()
	w.Reason = wire.CleanReason(w.Reason)
	j.app.finish(s, j, w)
}

// report logs what a caller does not get to see: everything but what handlers say with an *Error below 500 or without a
// cause, and what a context says that ended because nobody waits any more.
func (s *Server) report(ctx context.Context, j *job, err error) {
	var e *handler.Error
	if errors.As(err, &e) && (handler.StatusOf(err) < http.StatusInternalServerError || e.Err == nil && err == error(e)) {
		return
	}
	nobody := ctx.Err() != nil && s.base.Err() == nil
	if nobody && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) {
		return
	}
	s.logFailure(j, err)
}

// finish sends the answer of a job.
func (a *app) finish(s *Server, j *job, w *wire.Response) {
	w.ID, w.Queued, w.Run = j.req.ID, j.started.Sub(j.arrived), j.took
	w.Load = j.load
	e, err := encode(w)
	if err != nil {
		s.logFailure(j, err)
		broken := (&handler.Response{Status: http.StatusInternalServerError, Reason: "the response cannot be sent"}).ToWire()
		broken.ID, broken.Load = w.ID, w.Load
		e, _ = encode(broken) // of which nothing can be wrong
	}
	defer e.free()
	a.final(j, e)
}

// final sends the final message of a job.
func (a *app) final(j *job, e *encoding) {
	underWay := a.leavesWindow(j) // before the app can know: it may send the next request at once
	a.send(j, e, underWay)
	a.settled(j)
}

// send queues an answer. Where the queue is full a few wait a little for room, for several large answers at
// once are honest; then, or if there are more of them, the peer is cut.
func (a *app) send(j *job, e *encoding, underWay int) {
	send := a.peer.Send
	switch {
	case j.here:
		send = a.peer.SendLater
	case underWay >= amongFrom:
		send = a.peer.SendAmong
	}
	_, err := send(e.parts[:]...)
	if !errors.Is(err, transport.ErrQueueFull) {
		return
	}
	if a.stalled.Add(1) <= maxStalled {
		err = a.peer.SendWithin(answerWait, e.parts[:]...)
	}
	a.stalled.Add(-1)
	if errors.Is(err, transport.ErrQueueFull) {
		a.peer.Abort(err)
	}
}
