package service_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"quartet/service"
	"quartet/transport"
	"quartet/transport/wire"
)

// rogue is a peer that is let in and keeps no rule.
type rogue struct {
	*transport.Peer

	t    *testing.T
	side transport.Side
	node node
	dial func()                  // where it dials
	here chan struct{}           // closed when it has met its victim
	got  chan wire.Message       // what it was sent
	gone chan error              // why it ended
	tap  func(wire.Message) bool // sees what it is sent first; false: got has it too
	meet sync.Once
	deaf chan struct{} // while it is there and open, nothing more is read
	mu   sync.Mutex
}

func (r *rogue) accept(p *transport.Peer) (recv transport.Receiver) {
	r.meet.Do(func() {
		r.Peer, recv = p, r
		if r.side == transport.Instance { // one that says nothing would be tried for every path
			p.Send(frameOf(rogueHello()))
		}
		close(r.here)
	})
	return recv
}

// Receive keeps what it is sent, unless the rogue answers or does not listen.
func (r *rogue) Receive(m transport.Message) {
	defer m.Release()
	r.mu.Lock()
	deaf, tap := r.deaf, r.tap
	r.mu.Unlock()
	if deaf != nil {
		<-deaf
	}
	msg, err := wire.Decode(m.Frame)
	if err != nil {
		r.t.Errorf("a rogue was sent something that cannot be read: %v", err)
		return
	}
	if tap != nil && tap(msg) {
		return
	}
	select {
	case r.got <- msg:
	default:
	}
}

// Closed keeps why.
func (r *rogue) Closed(err error) { r.gone <- err }

// stopReading makes the rogue deaf until the returned function is called.
func (r *rogue) stopReading() (again func()) {
	deaf := make(chan struct{})
	r.mu.Lock()
	r.deaf = deaf
	r.mu.Unlock()
	var once sync.Once
	again = func() {
		once.Do(func() {
			r.mu.Lock()
			r.deaf = nil
			r.mu.Unlock()
			close(deaf)
		})
	}
	r.t.Cleanup(again)
	return again
}

// watch lets f see what the rogue is sent, and take it by true.
func (r *rogue) watch(f func(wire.Message) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tap = f
}

// serve makes the rogue answer requests, by any number of frames.
func (r *rogue) serve(f func(*wire.Request) [][]byte) {
	r.watch(func(m wire.Message) bool {
		req, ok := m.(*wire.Request)
		if ok {
			for _, frame := range f(req) {
				r.Send(frame)
			}
		}
		return ok
	})
}

func (r *rogue) leave() {
	r.node.Close()
	if r.Peer == nil {
		return
	}
	r.Abort(nil)
	select {
	case <-r.Done():
	case <-time.After(siegeLimit):
		r.t.Error("a rogue does not end")
	}
}

// say sends frames; false when the rogue was cut.
func (r *rogue) say(frames ...[]byte) bool {
	r.t.Helper()
	for _, f := range frames {
		_, err := r.Send(f)
		if errors.Is(err, transport.ErrQueueFull) {
			err = r.SendWithin(siegeLimit, f)
		}
		if errors.Is(err, transport.ErrQueueFull) {
			r.t.Fatal("the victim reads no more and does not say so")
		}
		if err != nil {
			return false
		}
	}
	return true
}

// next is the next message that want accepts; nil when the rogue is cut before.
func (r *rogue) next(want func(wire.Message) bool) wire.Message {
	r.t.Helper()
	limit := time.NewTimer(siegeLimit)
	defer limit.Stop()
	for {
		select {
		case m := <-r.got:
			if want(m) {
				return m
			}
		case <-r.Done():
			select {
			case m := <-r.got:
				if want(m) {
					return m
				}
			default:
				return nil
			}
		case <-limit.C:
			r.t.Fatalf("a rogue got neither an answer nor was it cut off within %v", siegeLimit)
		}
	}
}

// final is the answer to a request; nil when the rogue was cut.
func (r *rogue) final(id wire.ID) *wire.Response {
	r.t.Helper()
	m := r.next(func(m wire.Message) bool {
		resp, ok := m.(*wire.Response)
		return ok && resp.ID == id
	})
	if m == nil {
		return nil
	}
	return m.(*wire.Response)
}

func (r *rogue) ended() bool {
	select {
	case <-r.Done():
		return true
	default:
		return false
	}
}

// mustEnd waits until the victim has cut the rogue off.
func (r *rogue) mustEnd() {
	r.t.Helper()
	select {
	case <-r.Done():
	case <-time.After(siegeLimit):
		r.t.Fatalf("a rogue was not cut off within %v", siegeLimit)
	}
}

// cutBy waits until the victim reports a peer that it cut for a reason.
func (s *siege) cutBy(reason error) {
	s.t.Helper()
	limit := time.NewTimer(siegeLimit)
	defer limit.Stop()
	for {
		select {
		case e := <-s.events:
			if e.Type == transport.Disconnected && errors.Is(e.Err, reason) {
				return
			}
		case <-limit.C:
			s.t.Fatalf("no peer was cut because %v", reason)
		}
	}
}

// rogueAwait polls, for what no channel tells.
func rogueAwait(t *testing.T, what string, cond func() bool) {
	t.Helper()
	if cond() {
		return
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for limit := time.Now().Add(siegeLimit); time.Now().Before(limit); <-tick.C {
		if cond() {
			return
		}
	}
	t.Fatalf("not within %v: %s", siegeLimit, what)
}

var rogueIDs = wire.NewIDSource()

// ask is a request as an honest app makes it.
func rogueAsk(path string) *wire.Request {
	return &wire.Request{ID: rogueIDs.Next(), Path: path, Method: "request", Left: time.Minute}
}

// introduce is the hello of an instance that serves nothing the honest ask for.
func rogueHello() *wire.Hello {
	return &wire.Hello{
		Instance: rogueIDs.Next().String(), MinVersion: 1, MaxVersion: 1, Service: "slow",
		Routes:         []wire.Route{{Method: "*", Pattern: "/rogue"}},
		WindowMessages: service.DefaultWindow, WindowBytes: service.DefaultWindowBytes,
	}
}

// reply answers a request with its own body.
func rogueReply(r *wire.Request) *wire.Response {
	return &wire.Response{ID: r.ID, Method: "response", Status: 200, Body: r.Body}
}

func frameOf(m wire.Message) []byte {
	frame, err := wire.Append(nil, m)
	if err != nil {
		panic(err)
	}
	return frame
}
