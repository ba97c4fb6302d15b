package service

import (
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"quartet/transport"
	"quartet/transport/wire"
)

// instance is what a client knows of one instance: the Receiver of its peer. All fields below
// byeSent are guarded by the remote's lock.
type instance struct {
	remote *remote
	peer   *transport.Peer
	frames frameSender

	handing sync.RWMutex // held to send a request, and to send bye, which none may follow
	byeSent bool         // handing guards it

	ready    bool // it has said hello, or counts as plain
	plain    bool // it has not said hello in time: window 64, all routes, no drain
	draining bool // it takes no more
	byeHeard bool // and has said bye
	leaving  bool // this side lets it go when it has its last answer
	down     bool // a send failed: its end is being worked out
	id, name string
	routes   *routeSet // nil: not told, every path may be tried
	standing standing
	health   health

	window      int
	windowBytes int64
	allowed     allowance
	pending     map[wire.ID]*attempt
	used, sent  quota
	lone        int // calls in a row that were quick and alone
	plainTimer  *time.Timer
}

// quota is a number of requests and their bytes.
type quota struct {
	messages int
	bytes    int64
}

func (q *quota) add(size int64)    { q.messages++; q.bytes += size }
func (q *quota) remove(size int64) { q.messages--; q.bytes -= size }

// fits says whether one more fits. A single one always does: a window smaller than a body must not
// make the body impossible.
func (q quota) fits(size int64, messages int, bytes int64) bool {
	return q.messages == 0 || q.messages < messages && q.bytes+size <= bytes
}

// hasRoom says whether a request may be sent now. Fire-and-forget takes at most half of a window.
func (i *instance) hasRoom(c *call) bool {
	switch {
	case !i.used.fits(c.size, i.window, i.windowBytes):
		return false
	case c.sent:
		return i.sent.fits(c.size, i.window/2, i.windowBytes/2)
	}
	return i.allowed.has(i.awaited())
}

// awaited is how many requests are under way here whose callers wait.
func (i *instance) awaited() int { return i.used.messages - i.sent.messages }

// reserve takes a place in the window and makes the attempt known, so that no answer comes too early.
func (i *instance) reserve(c *call, now time.Time) *attempt {
	a := &c.first
	if a.inst == nil {
		i.remote.budget.deposit()
	} else {
		a = new(attempt)
	}
	*a = attempt{
		id: i.remote.client.ids.Next(), inst: i, size: c.size, sent: c.sent,
		started: now, mark: math.MaxInt64, inbox: c.inbox, among: i.used.messages,
	}
	i.pending[a.id] = a
	i.remote.last = i
	i.used.add(a.size)
	if a.sent {
		i.sent.add(a.size)
	}
	return a
}

// drop forgets an attempt and frees its place; false if that was done before.
func (i *instance) drop(a *attempt) bool {
	if i.pending[a.id] != a {
		return false
	}
	delete(i.pending, a.id)
	if a.forget != nil {
		a.forget.Stop()
	}
	i.used.remove(a.size)
	if a.sent {
		i.sent.remove(a.size)
	}
	i.closeWhenIdle()
	return true
}

// Receive takes one message from the instance. It runs in the link's reader, or in a caller that reads in its place, and never waits.
func (i *instance) Receive(m transport.Message) {
	msg, err := wire.Decode(m.Frame)
	if err != nil {
		m.Release()
		i.unreadable(err)
		return
	}
	switch msg := msg.(type) {
	case *wire.Response:
		i.remote.answer(i, msg.ID, result{resp: msg, hold: m.Hold})
		return // whoever waits releases the message
	case *wire.Forward:
		i.remote.answer(i, msg.ID, result{forward: msg, hold: m.Hold})
		return
	case *wire.Hello:
		i.hello(msg)
	case *wire.Bye:
		i.bye()
	default:
		i.peer.Abort(fmt.Errorf("%w: a %s from an instance", transport.ErrProtocol, msg.Kind()))
	}
	m.Release()
}

// unreadable ends the call that an unreadable answer belongs to; what belongs nowhere cuts the peer.
func (i *instance) unreadable(err error) {
	i.remote.client.stats.malformed.Add(1)
	if errors.Is(err, wire.ErrKind) || errors.Is(err, wire.ErrVersion) {
		return // rolling upgrades: what is new is for others
	}
	if kind, id, ok := wire.IDOf(err); ok && (kind == wire.KindResponse || kind == wire.KindForward) {
		if count, now := i.remote.unreadable.due(); now {
			i.remote.opts.log.Warn("an unreadable answer", "service", i.remote.name, "instance", i.peer.String(), "cause", err.Error(), "count", count)
		}
		lost := failure(ErrLost, "the answer is unreadable: %w", err)
		lost.Reason = "the service's answer is unreadable"
		i.remote.answer(i, id, result{err: lost})
		return
	}
	i.peer.Abort(fmt.Errorf("%w: %w", transport.ErrProtocol, err))
}

// hello takes note of what the instance says of itself.
func (i *instance) hello(h *wire.Hello) {
	r := i.remote
	if h.Service != r.name {
		i.peer.Abort(fmt.Errorf("%w: it serves %q, the address is registered for %q", transport.ErrProtocol, h.Service, r.name))
		return
	}
	if h.MinVersion > wire.Version || h.MaxVersion < wire.MinVersion {
		i.peer.Abort(fmt.Errorf("%w: it speaks versions %d to %d, this side %d to %d",
			transport.ErrProtocol, h.MinVersion, h.MaxVersion, wire.MinVersion, wire.Version))
		return
	}
	routes, err := r.routeSet(h.Routes)
	if err != nil {
		if count, now := r.unreadable.due(); now {
			r.opts.log.Warn("an instance tells routes that cannot be read; all its paths are tried", "service", r.name,
				"instance", i.peer.String(), "cause", err.Error(), "count", count)
		}
	}
	r.mu.Lock()
	i.plainTimer.Stop()
	i.ready, i.plain = true, false
	old := i.routes
	i.id, i.name, i.routes = h.Instance, h.Name, routes
	r.dropSet(old)
	i.window = int(min(max(h.WindowMessages, 1), transport.DefaultQueueMessages/2))
	i.windowBytes = int64(min(h.WindowBytes, transport.DefaultQueueBytes/2))
	r.capacityChanged()
	r.mu.Unlock()
	i.peer.SetPlain(false)
}

// silentSoFar makes a peer that said no hello in time a plain one, until it does.
func (i *instance) silentSoFar() {
	r := i.remote
	r.mu.Lock()
	defer r.mu.Unlock()
	if i.ready || i.down {
		return
	}
	i.ready, i.plain = true, true
	i.window, i.windowBytes = plainWindow, DefaultWindowBytes
	i.peer.SetPlain(true)
	r.capacityChanged()
}

// bye: the instance takes no more. It is answered by bye, and where this side dials, a new pair is dialled
// beside the old one.
func (i *instance) bye() {
	r := i.remote
	r.mu.Lock()
	first := !i.byeHeard
	i.draining, i.byeHeard = true, true
	r.capacityChanged()
	r.mu.Unlock()
	if first {
		i.peer.Retire()
		i.sayBye()
	}
}

// greet says hello, with the clock that requests will show.
func (i *instance) greet() {
	hello := *i.remote.told.Load()
	hello.Sent = clock()
	i.frames.send(&hello)
}

func (i *instance) sayBye() {
	i.handing.Lock()
	defer i.handing.Unlock()
	if i.byeSent {
		return
	}
	i.byeSent = true
	i.frames.send(&wire.Bye{})
}

// errByeSent is why a request did not reach an instance to which this side has said bye.
var errByeSent = errors.New("the instance takes no more requests")

// request sends a request, unless bye was sent: the instance may close as soon as it has read that.
func (i *instance) request(r *wire.Request, among int) (mark int64, err error) {
	i.handing.RLock()
	defer i.handing.RUnlock()
	if i.byeSent {
		return 0, errByeSent
	}
	return i.frames.sendAmong(r, among)
}

// Closed ends every call that the instance still had.
func (i *instance) Closed(cause error) {
	r := i.remote
	r.mu.Lock()
	i.plainTimer.Stop()
	i.down = true
	lost := make([]*attempt, 0, len(i.pending))
	for _, a := range i.pending {
		lost = append(lost, a)
	}
	for _, a := range lost {
		i.drop(a)
		if !a.left {
			a.end(result{err: failure(ErrLost, "%w", cause)})
		}
	}
	r.remove(i)
	r.capacityChanged()
	r.mu.Unlock()
}
