package service_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"testing"

	"quartet/handler"
	"quartet/service"
	"quartet/transport"
	"quartet/transport/wire"
)

// settle makes a rogue an instance that serves one path of its own, and waits until the client knows.
func (s *siege) settle(i int) (path string) {
	s.t.Helper()
	path = fmt.Sprint("/rogue/", i)
	hello := rogueHello()
	hello.Routes[0].Pattern = path
	r := s.rogues[i]
	r.serve(func(req *wire.Request) [][]byte { return [][]byte{frameOf(rogueReply(req))} })
	s.True(r.say(frameOf(hello))) // it may introduce itself
	rogueAwait(s.t, "the client calls the rogue", func() bool { return s.call(path).status == 200 })
	return path
}

// outcome is how a call at a rogue ended.
type outcome struct {
	status int
	body   string
	err    error
}

func (s *siege) call(path string) outcome {
	reply, err := s.client.Call(context.Background(), "slow", &handler.Request{Path: path, Body: []byte("honest")}, service.WithTimeout(siegeLimit))
	if err != nil {
		return outcome{err: err}
	}
	return outcome{reply.Code(), string(reply.Body), nil}
}

// callsAnswered calls a rogue that answers with a malformed frame first and with a good one after it. The call must end
// as lost, or by the good one.
func (s *siege) callsAnswered(i int, path, name string, frame func(wire.ID) []byte) (alive bool) {
	s.t.Helper()
	s.rogues[i].serve(func(req *wire.Request) [][]byte { return [][]byte{frame(req.ID), frameOf(rogueReply(req))} })
	switch got := s.call(path); {
	case errors.Is(got.err, service.ErrLost):
	case got.err == nil && got.status == 200 && got.body == "honest":
	default:
		s.t.Errorf("%s: the call ended by %+v", name, got)
	}
	s.rogues[i].serve(func(req *wire.Request) [][]byte { return [][]byte{frameOf(rogueReply(req))} })
	if s.rogues[i].ended() {
		return false
	}
	got := s.call(path) // another: lost with its rogue, or served
	return got.status == 200 && got.body == "honest"
}

// TestHostileFramesAtClient: whatever bytes an instance answers with, the call ends, and nothing but the answer that was
// asked for is taken for one.
func TestHostileFramesAtClient(t *testing.T) {
	eachBinding(t, func(t *testing.T, victimBinds bool) {
		all := bombs(responseFields, atAnswerHeader)
		names := slices.Sorted(maps.Keys(all))
		s := besiegeClient(t, victimBinds, len(names))
		heap := watchHeap()
		for i, name := range names {
			path := s.settle(i)
			s.callsAnswered(i, path, name, all[name])
		}
		s.heapHolds(heap)
		s.end()
		runtime.KeepAlive(all)
	})
}

// TestHostileFieldsAtClient: every field of an answer with everything in it that does not belong there, an answer that
// breaks off at every byte, and hellos that are none.
func TestHostileFieldsAtClient(t *testing.T) {
	var frames []func(wire.ID) []byte
	for n := 1; n < len(responseFields(wire.ID{}).frame()); n++ {
		frames = append(frames, func(id wire.ID) []byte { return responseFields(id).frame()[:n] })
	}
	for _, f := range []func(wire.ID) mpFields{responseFields, helloFields} {
		for _, m := range mutations(f) {
			frames = append(frames, func(id wire.ID) []byte { return f(id).with(m.at, m.value) })
		}
	}
	s := besiegeClient(t, true, 1)
	at, path := 0, s.settle(0)
	for i, f := range frames {
		if !s.callsAnswered(at, path, fmt.Sprintf("frame %d, %.20x", i, f(wire.ID{})), f) {
			_, at = s.another()
			path = s.settle(at)
		}
	}
	s.end()
	t.Logf("%d frames, %d rogues were cut", len(frames), at)
}

// TestHostileAnswers: answers to what was never asked, to what another was asked, twice, and after bye.
func TestHostileAnswers(t *testing.T) {
	eachBinding(t, func(t *testing.T, victimBinds bool) {
		s := besiegeClient(t, victimBinds, 2)
		liar, asked := s.rogues[0], s.rogues[1]
		s.settle(0)
		path := s.settle(1)
		before := s.client.Stats().Stranger

		const never = 20_000
		for range never {
			s.True(liar.say(responseFields(rogueIDs.Next()).frame())) // never asked
		}
		rogueAwait(t, "strangers are counted", func() bool { return s.client.Stats().Stranger == before+never })

		asked.serve(func(req *wire.Request) [][]byte {
			liar.Send(responseFields(req.ID).frame()) // the id is right, the instance is not
			return nil
		})
		answer := s.later(path)
		rogueAwait(t, "the answer of another is counted", func() bool { return s.client.Stats().Stranger == before+never+1 })
		select {
		case got := <-answer:
			t.Fatalf("a call took the answer of another instance: %+v", got)
		default:
		}
		s.True(asked.say(frameOf(&wire.Bye{}))) // it leaves, in the middle of a call
		asked.watch(nil)
		s.True(asked.next(isBye) != nil) // and is answered by bye
		asked.Abort(nil)
		s.True(errors.Is((<-answer).err, service.ErrLost)) // that call is lost with it
		s.end()
	})
}

// TestHostileDoubles: of several answers to one request only the first counts, before bye and after.
func TestHostileDoubles(t *testing.T) {
	s := besiegeClient(t, true, 1)
	r, path := s.rogues[0], s.settle(0)
	before := s.client.Stats().Stranger
	r.serve(func(req *wire.Request) [][]byte {
		again := frameOf(&wire.Response{ID: req.ID, Method: "response", Status: 200, Body: []byte("again")})
		forward := frameOf(&wire.Forward{ID: req.ID, Service: "slow", Path: "/bad", Method: "request"})
		return [][]byte{frameOf(rogueReply(req)), again, again, forward, mpFields(responseFields(req.ID)).with(atStatus, mpUint(7))}
	})
	for range 100 {
		got := s.call(path)
		s.NoErr(got.err)            // it has an answer
		s.Equal(got.body, "honest") // the first one
	}
	rogueAwait(t, "the others are counted", func() bool { return s.client.Stats().Stranger == before+400 })

	asked := make(chan wire.ID, 1)
	r.serve(func(req *wire.Request) [][]byte { asked <- req.ID; return [][]byte{frameOf(&wire.Bye{})} })
	answer := s.later(path)
	id := <-asked
	for range 100 {
		s.True(r.say(frameOf(&wire.Bye{}))) // bye, and bye, and bye
	}
	s.True(r.say(frameOf(rogueReply(&wire.Request{ID: id, Body: []byte("honest")})))) // what it has it may answer
	got := <-answer
	s.NoErr(got.err)            // it counts
	s.Equal(got.body, "honest") // and is the one
	s.True(r.say(frameOf(rogueReply(&wire.Request{ID: id}))))
	rogueAwait(t, "answers after the last are counted", func() bool { return s.client.Stats().Stranger == before+401 })
	s.True(errors.Is(s.call(path).err, service.ErrUnavailable)) // who serves that path is leaving; another may come
	s.Equal(s.bad.Load(), int64(0))                             // a forward runs nothing
	s.end()
}

// TestHostileForward: a forward to where the app cannot send is refused, and one that comes back for ever is not followed
// for ever.
func TestHostileForward(t *testing.T) {
	s := besiegeClient(t, true, 1)
	path := s.settle(0)
	forward := func(service string) {
		s.rogues[0].serve(func(req *wire.Request) [][]byte {
			return [][]byte{frameOf(&wire.Forward{ID: req.ID, Service: service, Path: req.Path, Method: "request"})}
		})
	}
	forward("elsewhere")
	got := s.call(path)
	s.True(errors.Is(got.err, service.ErrUnknownService)) // the app does not hold it
	forward("slow")
	got = s.call(path)
	s.True(errors.Is(got.err, service.ErrLoop)) // it came back eight times
	s.Equal(s.bad.Load(), int64(0))             // and nothing ran
	s.end()
}

// TestHostileRoles: an instance that asks or cancels is cut off.
func TestHostileRoles(t *testing.T) {
	for name, m := range map[string]wire.Message{"request": rogueAsk("/bad"), "cancel": &wire.Cancel{}} {
		t.Run(name, func(t *testing.T) {
			s := besiegeClient(t, true, 1)
			s.settle(0)
			s.rogues[0].say(frameOf(m))
			s.cutBy(transport.ErrProtocol)
			s.rogues[0].mustEnd()
			s.end()
		})
	}
}

// TestHostileAnswerFlood: large answers that nobody asked for are dropped as they come.
func TestHostileAnswerFlood(t *testing.T) {
	eachBinding(t, func(t *testing.T, victimBinds bool) {
		s := besiegeClient(t, victimBinds, 1)
		s.settle(0)
		frame := frameOf(&wire.Response{ID: rogueIDs.Next(), Method: "response", Status: 200, Body: make([]byte, service.DefaultMaxBody)})
		heap := watchHeap()
		before := s.client.Stats().Stranger
		for i := range 20 {
			s.True(s.rogues[0].say(frame)) // it may go on
			rogueAwait(t, "it is dropped", func() bool { return s.client.Stats().Stranger == before+uint64(i+1) })
		}
		s.heapHolds(heap)
		s.end()
	})
}

func (s *siege) later(path string) <-chan outcome {
	got := make(chan outcome, 1)
	go func() { got <- s.call(path) }()
	return got
}

func isBye(m wire.Message) bool { return m.Kind() == wire.KindBye }
