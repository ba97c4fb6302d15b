package service

import (
	"time"

	"quartet/handler"
	"quartet/transport"
	"quartet/transport/wire"
)

// call is one Call or Send on its way to an answer, over one or more attempts.
type call struct {
	home     *remote      // the service that was asked: it counts the call, and has its response handlers
	remote   *remote      // where it is: at home, unless it was forwarded
	req      wire.Request // id, left and sent are set for each attempt
	id       wire.ID      // of the first attempt of a Send
	first    attempt      // most calls need no more than one
	size     int64        // of the request, for windows
	sent     bool
	again    bool              // it may run twice
	lost     int               // attempts that ended with their instance, or unreadably
	retries  int               // further attempts of a call that may
	answer   *handler.Response // of the last attempt, while a further one may have a better
	deadline time.Time         // of the work
	inbox    *inbox
	refused  []*instance // not asked again: overloaded, draining, its link's queue full, or it failed a call that may run twice

	asked   *wire.Request   // what was asked at home, once it was forwarded
	homeCut <-chan struct{} // tells the end of home, once it was forwarded
}

// refusedBy says whether an instance sent this call back.
func (c *call) refusedBy(i *instance) bool {
	for _, r := range c.refused {
		if r == i {
			return true
		}
	}
	return false
}

// attempt is one request at one instance. Its end comes to the inbox of its call, once: the answer, or the loss of
// the instance. Fields below are guarded by the remote's lock, but for mark, which belongs to the
// goroutine of the call.
type attempt struct {
	id      wire.ID
	inst    *instance
	size    int64
	sent    bool
	started time.Time
	mark    int64
	among   int    // requests under way at the instance when this one was placed
	inbox   *inbox // of the call

	parked *call       // a Send for whose end nobody waits
	left   bool        // nobody waits any more; the place in the window is kept until the answer
	forget *time.Timer // or until then
}

// result is how an attempt ended.
type result struct {
	resp    *wire.Response
	forward *wire.Forward  // instead of resp
	hold    transport.Hold // of the body of either; to be released by whoever takes the body
	err     error          // instead of both
}

// end is called with the remote's lock held, once, by whoever dropped the attempt.
func (a *attempt) end(res result) {
	if k := a.parked; k != nil {
		a.parked = nil
		k.settle(a, res)
		return
	}
	a.inbox.put(res)
}

// frameSender encodes messages for a peer.
type frameSender struct{ peer *transport.Peer }

// send encodes and queues a message without waiting. What is not a request may ignore the error: the end
// of the peer will tell.
func (s frameSender) send(m wire.Message) (mark int64, err error) {
	e, err := encode(m)
	if err != nil {
		return 0, err
	}
	defer e.free()
	return s.peer.Send(e.parts[:]...)
}

// amongFrom: with so many requests under way at a peer others are likely to come at once, and to share a write.
const amongFrom = 4

// sendAmong is send for a message of a peer with so many requests under way.
func (s frameSender) sendAmong(m wire.Message, underWay int) (mark int64, err error) {
	if underWay < amongFrom {
		return s.send(m)
	}
	e, err := encode(m)
	if err != nil {
		return 0, err
	}
	defer e.free()
	return s.peer.SendAmong(e.parts[:]...)
}
