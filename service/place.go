package service

import (
	"context"
	"errors"
	"math"
	"time"

	"quartet/handler"
	"quartet/transport"
	"quartet/transport/wire"
)

// verdict says what a call finds when it looks for an instance.
type verdict uint8

const (
	placed    verdict = iota
	nobody            // no instance takes requests
	noRoute           // some do, none serves the path
	windowful         // those that do have no free place
	sentBack          // all that serve the path are in call.refused
)

// pick finds the instance for a call. The lock is held.
func (r *remote) pick(c *call, now time.Time) (best *instance, v verdict, allowed []string) {
	var m matching
	var over passedOver
	var last *instance
	least := math.MaxInt
	v = nobody
	restarts := false // an instance that serves it is draining: its successor may be on the way
	for _, i := range r.instances {
		if !i.ready || i.down {
			continue
		}
		serves := m.serves(i, c)
		switch {
		case i.draining:
			restarts = restarts || serves
		case !serves:
			v = max(v, noRoute)
		case c.refusedBy(i):
			v = hope(v, sentBack)
		case i.passedOver(now):
			over.see(i, i.hasRoom(c))
		case !i.hasRoom(c):
			v = hope(v, windowful)
		default:
			if i == r.last {
				last = i
			}
			least = min(least, i.used.messages)
			if best == nil || i.betterThan(best, now) {
				best = i
			}
		}
	}
	if last != nil && last != best && last.goesOn(best, least, now) {
		best = last
	}
	switch {
	case best != nil:
		return best, placed, nil
	case v != windowful && over.best != nil:
		return over.best, placed, nil
	case over.full:
		return nil, windowful, nil
	case v == noRoute && restarts:
		return nil, nobody, nil
	}
	return nil, v, m.allowed
}

// hope keeps the verdict that leaves more of it: a full window may open, a refusal is final.
func hope(a, b verdict) verdict {
	if a == windowful || b == windowful {
		return windowful
	}
	return max(a, b)
}

// place finds an instance for a call, waiting where that helps, and hands the request to its link. What
// never reached a link goes to another instance; so an error says that nothing was sent.
func (r *remote) place(ctx context.Context, c *call) (*attempt, error) {
	r.placing.add()
	defer r.placing.done()
	for {
		a, err := r.acquire(ctx, c)
		if err != nil {
			return nil, err
		}
		a.mark, err = r.hand(a, c)
		if err == nil {
			if !a.leads(c) { // nobody reads this answer in the reader's place: it must not rest
				a.inst.peer.Recall()
			}
			return a, nil
		}
		r.takeBack(a, err)
		switch {
		case errors.Is(err, transport.ErrQueueFull):
			c.refused = append(c.refused, a.inst)
		case unsendable(err):
			return nil, refuse(err)
		}
	}
}

func (r *remote) hand(a *attempt, c *call) (mark int64, err error) {
	c.req.ID, c.req.Left, c.req.Sent = a.id, timeLeft(c.deadline, a.started), clockAt(a.started)
	return a.inst.request(&c.req, a.among)
}

func timeLeft(deadline, now time.Time) time.Duration {
	return min(max(deadline.Sub(now), time.Millisecond), wire.MaxLeft)
}

// unsendable says that no instance could be sent this request.
func unsendable(err error) bool {
	var field *wire.FieldError
	return errors.As(err, &field) || errors.Is(err, wire.ErrTooLarge) || errors.Is(err, transport.ErrFrameSize)
}

func refuse(err error) error {
	if errors.Is(err, wire.ErrTooLarge) || errors.Is(err, transport.ErrFrameSize) {
		return failure(ErrTooLarge, "%w", err)
	}
	return failure(ErrInvalid, "%w", err)
}

// takeBack undoes an attempt that never reached its link.
func (r *remote) takeBack(a *attempt, why error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.discard(a)
	if !errors.Is(why, transport.ErrQueueFull) && !errors.Is(why, errByeSent) && !unsendable(why) {
		a.inst.down = true
	}
}

// discard frees the place of an attempt that nobody waits for; if it has ended meanwhile, its end is
// dropped. The lock is held.
func (r *remote) discard(a *attempt) {
	if !a.inst.drop(a) {
		a.inbox.clear()
	}
	r.placeWaiting()
}

// acquire reserves a place at an instance.
func (r *remote) acquire(ctx context.Context, c *call) (*attempt, error) {
	now := time.Now()
	switch {
	case r.isCut():
		return nil, failure(ErrClosed, "")
	case ctx.Err() != nil:
		return nil, leftBy(ctx)
	case !now.Before(c.deadline):
		return nil, failure(ErrTimeout, "")
	}
	r.mu.Lock()
	if r.over() {
		r.mu.Unlock()
		return nil, failure(ErrClosed, "")
	}
	best, v, allowed := r.pick(c, now)
	switch v {
	case placed:
		a := best.reserve(c, now)
		r.mu.Unlock()
		return a, nil
	case noRoute:
		r.mu.Unlock()
		return nil, handler.NoRoute(allowed)
	case sentBack:
		r.mu.Unlock()
		return nil, failure(ErrRejected, "overloaded: every instance sent the request back")
	}
	if v == windowful && r.waiting.hopeless(c) {
		r.mu.Unlock()
		return nil, longLine()
	}
	w, err := r.waiting.add(c, v == windowful)
	r.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return r.await(ctx, w, v)
}

func longLine() error {
	return failure(ErrRejected, "overloaded: no free place in the window of any instance, and a long line for one")
}

// await waits for a place: for an instance to come as long as WithWait says, for a free place in a
// window much less.
func (r *remote) await(ctx context.Context, w *waiter, v verdict) (*attempt, error) {
	began := time.Now()
	ctx, cancel := context.WithDeadline(ctx, w.call.deadline)
	defer cancel()
	timer := time.NewTimer(r.patience(v))
	defer timer.Stop()
	for {
		select {
		case p := <-w.ready:
			return p.attempt, p.err
		case <-timer.C:
			var err error
			if v, err = r.giveUp(w, began); err != nil {
				return r.quit(w, err)
			}
			timer.Reset(max(r.patience(v)-time.Since(began), time.Millisecond))
		case <-ctx.Done():
			return r.quit(w, r.leftWaiting(ctx, v))
		case <-r.cut:
			return r.quit(w, failure(ErrClosed, ""))
		case <-w.call.homeCut:
			return r.quit(w, failure(ErrClosed, ""))
		}
	}
}

func (r *remote) patience(v verdict) time.Duration {
	if v == windowful {
		return windowWait
	}
	return r.opts.wait
}

// giveUp says why a wait is over, or, when things changed while it lasted, that it is not yet.
func (r *remote) giveUp(w *waiter, began time.Time) (verdict, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	best, v, _ := r.pick(w.call, now)
	switch {
	case v == placed: // it was held up by others; take it
		if r.waiting.remove(w) {
			w.ready <- place{attempt: best.reserve(w.call, now)}
		}
		return v, nil
	case v == windowful:
		return v, failure(ErrRejected, "overloaded: no free place in the window of any instance within %v", windowWait)
	case now.Sub(began) < r.opts.wait:
		return v, nil
	case v == nobody:
		return v, failure(ErrUnavailable, "service %s: none within %v", r.name, r.opts.wait)
	}
	return v, failure(ErrRejected, "overloaded: others have waited longer")
}

// leftWaiting is the failure of a caller whose context ended before an instance was found: nothing ran.
func (r *remote) leftWaiting(ctx context.Context, v verdict) error {
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return failure(ErrCanceled, "")
	case v == windowful:
		return failure(ErrRejected, "overloaded: no free place in the window of any instance: %w", context.DeadlineExceeded)
	}
	return failure(ErrUnavailable, "service %s: %w", r.name, context.DeadlineExceeded)
}

// quit takes a waiter out, unless it was served in the same moment: then the place is given back.
func (r *remote) quit(w *waiter, why error) (*attempt, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.waiting.remove(w) {
		r.placeWaiting() // it may have held up others
		return nil, why
	}
	p := <-w.ready
	if p.attempt != nil {
		r.discard(p.attempt)
	}
	return nil, why
}

// over says that no instance will take a call any more. The lock is held.
func (r *remote) over() bool {
	return r.byeSaid || r.unbound && len(r.instances) == 0 || r.isCut()
}

// placeWaiting serves those who wait, the longest first, as far as there is room. The lock is held.
func (r *remote) placeWaiting() {
	for r.over() {
		w := r.waiting.next(func(*call) bool { return true })
		if w == nil {
			return
		}
		w.ready <- place{err: failure(ErrClosed, "")}
	}
	if r.waiting.empty() {
		return
	}
	now := time.Now()
	servable := func(c *call) bool {
		_, v, _ := r.pick(c, now)
		return v != nobody && v != windowful
	}
	for w := r.waiting.next(servable); w != nil; w = r.waiting.next(servable) {
		r.serve(w, now)
	}
	windowful := func(c *call) bool {
		_, v, _ := r.pick(c, now)
		return v == windowful
	}
	for _, w := range r.waiting.trim(windowful) {
		w.ready <- place{err: longLine()}
	}
}

// serve ends the wait of one who is out of the line. The lock is held.
func (r *remote) serve(w *waiter, now time.Time) {
	best, v, allowed := r.pick(w.call, now)
	switch v {
	case placed:
		w.ready <- place{attempt: best.reserve(w.call, now)}
	case noRoute:
		w.ready <- place{err: handler.NoRoute(allowed)}
	default:
		w.ready <- place{err: failure(ErrRejected, "overloaded: every instance sent the request back")}
	}
}
