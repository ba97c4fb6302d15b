package service_test

import (
	"encoding/binary"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"quartet/service"
	"quartet/transport"
	"quartet/transport/wire"
)

// TestHostileFloodUnread: an app that asks on and on and reads no answer is cut once the queue of answers is full.
func TestHostileFloodUnread(t *testing.T) {
	eachBinding(t, func(t *testing.T, victimBinds bool) {
		s := besiegeServer(t, victimBinds, 1)
		heap := watchHeap()
		r := s.rogues[0]
		listen := r.stopReading()
		limit, cut := time.Now().Add(siegeLimit), false
		for !cut && time.Now().Before(limit) {
			cut = !r.say(frameOf(rogueAsk("/block")))
		}
		s.True(cut) // it is cut off
		s.cutBy(transport.ErrQueueFull)
		listen()
		s.True(s.bad.Load() <= service.DefaultWindow) // what was beyond the window did not run
		s.heapHolds(heap)
		s.end()
	})
}

// TestHostileFloodRead: one that reads is told of every single request what became of it.
func TestHostileFloodRead(t *testing.T) {
	eachBinding(t, func(t *testing.T, victimBinds bool) {
		const flood = 10_000
		s := besiegeServer(t, victimBinds, 1)
		r := s.rogues[0]
		var refused, answered atomic.Int64
		r.watch(func(m wire.Message) bool {
			resp, ok := m.(*wire.Response)
			switch {
			case ok && resp.Outcome == wire.OutcomeOverloaded:
				refused.Add(1)
			case ok:
				answered.Add(1)
			}
			return ok
		})
		asked := make([]wire.ID, 0, flood)
		for range flood {
			req := rogueAsk("/block")
			asked = append(asked, req.ID)
			rogueAwait(t, "the rogue has read its answers", func() bool {
				return int64(len(asked))-refused.Load()-answered.Load() < service.DefaultWindow+1_000
			})
			s.True(r.say(frameOf(req))) // it is not cut off: it reads
		}
		for _, id := range asked {
			s.True(r.say(frameOf(&wire.Cancel{ID: id}))) // it may take back what it asked
		}
		rogueAwait(t, "every request has its final message", func() bool { return refused.Load()+answered.Load() == flood })
		s.Equal(refused.Load()+answered.Load(), int64(flood))  // each got its one final message
		s.Equal(answered.Load(), int64(service.DefaultWindow)) // those within the window ran, and ended by cancel
		s.Equal(s.bad.Load(), int64(service.DefaultWindow))    // no others did
		s.end()
	})
}

// TestHostileChatter: messages that mean nothing, in any number, cost nothing but the time to read them.
func TestHostileChatter(t *testing.T) {
	same := func(m wire.Message) func(uint64) []byte { f := frameOf(m); return func(uint64) []byte { return f } }
	for _, c := range []struct {
		name  string
		frame func(n uint64) []byte
	}{
		{"cancels of unknown ids", strangeCancels()},
		{"byes", same(&wire.Bye{})},
		{"hellos", same(&wire.Hello{Instance: rogueIDs.Next().String(), MinVersion: 1, MaxVersion: 1, Services: []string{"slow"}})},
		{"unknown kinds", func(uint64) []byte { return mpArray(mpUint(1), mpUint(99), mpBin(nil)) }},
		{"unreadable requests", func(uint64) []byte { return requestFields(rogueIDs.Next()).with(atLeft, mpInt(-1)) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			logged := &journal{}
			s := besiegeServer(t, true, 1, service.WithLogger(logged.logger()))
			heap := watchHeap()
			s.chat(30_000, c.frame)
			s.Equal(s.bad.Load(), int64(0)) // nothing ran
			s.heapHolds(heap)
			s.end()
			s.True(strings.Count(logged.String(), "\n") < 20) // nor is the log filled
		})
	}
}

// chat sends n messages and waits until they are read, or the rogue is cut.
func (s *siege) chat(n uint64, frame func(uint64) []byte) {
	s.t.Helper()
	r, probe := s.rogues[0], rogueAsk("/good")
	r.watch(func(m wire.Message) bool { // refusals are many
		resp, ok := m.(*wire.Response)
		return ok && resp.ID != probe.ID
	})
	for i := range n {
		if !r.say(frame(i)) {
			return
		}
	}
	if r.say(frameOf(probe)) {
		answer := r.final(probe.ID)
		s.True(answer == nil || answer.Status == 200) // all of it was read, or it is cut off
	}
}

// strangeCancels are cancels of requests that nobody made.
func strangeCancels() func(n uint64) []byte {
	f := frameOf(&wire.Cancel{ID: rogueIDs.Next()})
	return func(n uint64) []byte {
		binary.BigEndian.PutUint64(f[len(f)-8:], n)
		return f
	}
}

// TestTimedHostileCancels: a million of them, and the honest are served in time all the while.
func TestTimedHostileCancels(t *testing.T) {
	s := besiegeServer(t, true, 1)
	s.chat(1_000_000, strangeCancels())
	s.end()
	s.True(s.honest.slowest < time.Second) // no honest call waited for the flood to end
}

// TestHostileStall: an app that stops reading in the middle of an answer is cut off after 10 s without progress.
func TestHostileStall(t *testing.T) {
	t.Parallel()
	s := besiegeServer(t, true, 1)
	r := s.rogues[0]
	listen := r.stopReading()
	s.True(r.say(frameOf(rogueAsk("/good")), frameOf(rogueAsk("/large")), frameOf(rogueAsk("/large")))) // it is stuck with one of them
	s.cutBy(transport.ErrPeerStalled)
	listen()
	r.mustEnd()
	s.end()
}
