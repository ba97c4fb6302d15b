package service

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"quartet/handler"
	"quartet/transport"
	"quartet/transport/wire"
)

// app is what an instance knows of one app: the Receiver of its peer.
type app struct {
	server *Server
	peer   *transport.Peer
	frames frameSender
	batch  *batch
	kept   func() // work.kept for this app, made once: every loan of the reader takes it
	here   *job   // whose handler runs where it was read; the scheduler's lock guards it

	stalled atomic.Int32 // answers that wait for room in the queue

	delays delays // of requests on their way; only the reader uses it

	mu        sync.Mutex
	jobs      map[wire.ID]*job // taken and not answered
	used      quota
	sent      quota       // of used
	told      *wire.Hello // nil until it has said hello; who has answers bye
	bye       bool        // it sends no more
	byeSent   time.Time
	byeTimer  *time.Timer // until bye has been unanswered for too long
	lettingGo bool
	dismissed bool // its secret was removed
}

func newApp(s *Server, p *transport.Peer, b *batch) *app {
	a := &app{server: s, peer: p, frames: frameSender{p}, batch: b, jobs: map[wire.ID]*job{}}
	a.kept = func() { s.work.kept(a) }
	return a
}

// Receive takes one message from the app. It runs in the link's reader, which it lends to quick handlers, and never waits:
// what cannot be taken is refused here.
func (a *app) Receive(m transport.Message) {
	now := time.Now()
	arrived := clockAt(now)
	msg, err := wire.Decode(m.Frame)
	if err != nil {
		m.Release()
		a.unreadable(err)
		return
	}
	switch msg := msg.(type) {
	case *wire.Request:
		a.request(&job{app: a, req: msg, msg: m, size: sizeInWindow(msg.Body), arrived: now}, arrived)
		return // who takes the job releases the message
	case *wire.Cancel:
		a.cancel(msg.ID)
	case *wire.Hello:
		a.hello(msg, arrived)
	case *wire.Bye:
		a.takeBye()
	default:
		a.violation(fmt.Errorf("a %s from an app", msg.Kind()))
	}
	m.Release()
}

// unreadable answers a request that cannot be read with 400, if its id can. What belongs to no request cuts
// the peer, unless it is of a newer version or kind.
func (a *app) unreadable(err error) {
	kind, id, ok := wire.IDOf(err)
	switch {
	case errors.Is(err, wire.ErrKind):
	case ok && kind == wire.KindRequest:
		if count, now := a.server.unreadable.due(); now {
			a.server.opts.log.Warn("an unreadable request", "service", a.server.name, "app", a.peer.String(), "cause", err.Error(), "count", count)
		}
		resp := (&handler.Response{Status: 400, Reason: "the request is unreadable"}).ToWire()
		resp.ID = id
		a.answerNow(resp)
	default:
		a.violation(err)
	}
}

func (a *app) violation(err error) {
	a.peer.Abort(fmt.Errorf("%w: %w", transport.ErrProtocol, err))
}

// request takes a request over or refuses it. What the frame lay in buffers on its way is taken from the
// time that is left.
func (a *app) request(j *job, arrived int64) {
	left := j.req.Left - a.delays.excess(arrived, j.req.Sent)
	j.deadline = j.arrived.Add(left)
	if len(j.req.Body) > a.server.opts.maxBody {
		j.msg.Release()
		resp := (&handler.Response{Status: 413, Reason: "the request is too large"}).ToWire()
		resp.ID = j.req.ID
		a.answerNow(resp)
		return
	}
	switch outcome, reason := a.admit(j, left); outcome {
	case wire.OutcomeAnswered:
		if reason := a.server.work.submit(j); reason != "" {
			a.turnAway(j, wire.OutcomeOverloaded, reason)
		} else if j.here {
			a.server.work.runHere(j)
		}
	default:
		a.refuse(j, outcome, reason)
	}
}

// admit takes a place in the window, or says why not.
func (a *app) admit(j *job, left time.Duration) (wire.Outcome, string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.jobs[j.req.ID] != nil:
		a.violation(fmt.Errorf("a second request with the id %s", j.req.ID))
		return wire.OutcomeForbidden, "the id is in use"
	case a.server.draining.Load():
		return wire.OutcomeDraining, "draining"
	case left <= 0:
		return wire.OutcomeExpired, "it arrived too late"
	case !a.used.fits(j.size, a.server.opts.window, int64(a.server.opts.windowBytes)):
		return wire.OutcomeOverloaded, "the window is full"
	case j.sent() && !a.sent.fits(j.size, half(a.server.opts.window), int64(half(a.server.opts.windowBytes))):
		return wire.OutcomeOverloaded, "half of the window is full of sent requests"
	}
	a.jobs[j.req.ID] = j
	a.used.add(j.size)
	if j.sent() {
		a.sent.add(j.size)
	}
	return wire.OutcomeAnswered, ""
}

// turnAway ends a job that was taken and does not run. Its place is free before the app can know, and the
// job is settled only when its final message is on its way: that may be what the end of the peer waits for.
func (a *app) turnAway(j *job, outcome wire.Outcome, reason string) {
	a.leavesWindow(j)
	a.refuse(j, outcome, reason)
	a.settled(j)
}

// refuse answers a request that does not run.
func (a *app) refuse(j *job, outcome wire.Outcome, reason string) {
	j.msg.Release()
	running, queued := a.server.work.load()
	a.answerNow(&wire.Response{
		ID: j.req.ID, Outcome: outcome, Method: handler.MethodResponse, Status: 503, Reason: reason,
		Queued: time.Since(j.arrived), Load: uint32(running + queued),
	})
}

// answerNow is for the reader, which does not wait: a full queue of answers cuts the peer.
func (a *app) answerNow(resp *wire.Response) {
	if _, err := a.frames.send(resp); errors.Is(err, transport.ErrQueueFull) {
		a.peer.Abort(err)
	}
}

// leavesWindow frees the place of a job in the window, once, and tells how many are under way.
func (a *app) leavesWindow(j *job) (underWay int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.vacate(j)
	return len(a.jobs)
}

func (a *app) vacate(j *job) {
	if !j.vacated {
		j.vacated = true
		a.used.remove(j.size)
		if j.sent() {
			a.sent.remove(j.size)
		}
	}
}

// settled forgets a job.
func (a *app) settled(j *job) {
	a.mu.Lock()
	delete(a.jobs, j.req.ID)
	a.vacate(j)
	last := len(a.jobs) == 0
	a.mu.Unlock()
	if last {
		a.letGoIfDismissed()
	}
	if last && a.server.draining.Load() {
		a.server.mu.Lock()
		a.server.tellChanged()
		a.server.mu.Unlock()
	}
}

// cancel ends the work that nobody waits for any more.
func (a *app) cancel(id wire.ID) {
	a.mu.Lock()
	j := a.jobs[id]
	a.mu.Unlock()
	if j == nil {
		return // answered already
	}
	if a.server.work.withdraw(j) {
		a.turnAway(j, wire.OutcomeExpired, "canceled before it ran")
	}
}

func (a *app) hello(h *wire.Hello, arrived int64) {
	if h.MinVersion > wire.Version || h.MaxVersion < wire.MinVersion {
		a.violation(fmt.Errorf("it speaks versions %d to %d, this side %d to %d", h.MinVersion, h.MaxVersion, wire.MinVersion, wire.Version))
		return
	}
	if h.Sent != 0 {
		a.delays.excess(arrived, h.Sent) // the measure for the first request
	}
	a.mu.Lock()
	a.told = h
	a.mu.Unlock()
}

// name is what the app calls itself, empty if it has not said.
func (a *app) name() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.told == nil {
		return ""
	}
	return a.told.Name
}

// holds says whether the app can send a request on to a service.
func (a *app) holds(service string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.told != nil && slices.Contains(a.told.Services, service)
}

// takeBye: the app sends no more. A draining app that binds has unbound: whoever dials dials anew beside it.
func (a *app) takeBye() {
	a.mu.Lock()
	answered := !a.byeSent.IsZero()
	a.bye = true
	a.mu.Unlock()
	a.peer.Retire()
	if !answered {
		a.sayBye()
	}
	a.letGoIfDismissed()
	a.server.mu.Lock()
	a.server.tellChanged()
	a.server.mu.Unlock()
}

func (a *app) sayBye() {
	a.mu.Lock()
	said := !a.byeSent.IsZero()
	if !said {
		a.byeSent = time.Now()
		a.byeTimer = time.AfterFunc(a.patience(), func() {
			a.server.mu.Lock()
			defer a.server.mu.Unlock()
			a.server.tellChanged()
		})
	}
	a.mu.Unlock()
	if !said {
		a.frames.send(&wire.Bye{})
	}
}

// patience is how long bye may remain unanswered: a plain peer does not know it, another may be slow.
// The lock is held.
func (a *app) patience() time.Duration {
	if a.told != nil {
		return drainLimit
	}
	return byeLimit
}

// letGo closes the peer when the app has all its answers and sends no more.
func (a *app) letGo() {
	a.mu.Lock()
	ready := len(a.jobs) == 0 && !a.lettingGo && (a.bye || time.Since(a.byeSent) >= a.patience())
	a.lettingGo = a.lettingGo || ready
	a.mu.Unlock()
	if ready {
		a.peer.Close()
	}
}

// Closed ends the work of an app that is gone: nobody waits for it. What was sent to run without a waiter
// runs on.
func (a *app) Closed(error) {
	a.mu.Lock()
	jobs := make([]*job, 0, len(a.jobs))
	for _, j := range a.jobs {
		jobs = append(jobs, j)
	}
	if a.byeTimer != nil {
		a.byeTimer.Stop() // it would keep all this from the collector
	}
	a.mu.Unlock()
	for _, j := range jobs {
		if j.sent() && a.server.base.Err() == nil {
			continue
		}
		if a.server.work.withdraw(j) {
			j.msg.Release()
			a.settled(j)
		}
	}
	a.server.forget(a)
}
