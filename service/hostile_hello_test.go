package service_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"quartet/handler"
	"quartet/transport"
	"quartet/transport/wire"
)

// TestHostileHellos: an instance may say of itself what it likes. It is cut off or believed in time; what it says ties up
// nobody, and it never gets more calls at a time than the client allows.
func TestHostileHellos(t *testing.T) {
	routes := func(patterns ...string) func(*wire.Hello) {
		return func(h *wire.Hello) {
			h.Routes = nil
			for _, p := range patterns {
				h.Routes = append(h.Routes, wire.Route{Method: "*", Pattern: p})
			}
		}
	}
	many := func(n int, pattern string) func(*wire.Hello) {
		var list []string
		for i := range n {
			list = append(list, fmt.Sprintf(pattern, i))
		}
		return routes(list...)
	}
	for _, c := range []struct {
		name string
		lie  func(*wire.Hello)
		cut  bool
	}{
		{name: "no window", lie: func(h *wire.Hello) { h.WindowMessages, h.WindowBytes = 0, 0 }},
		{name: "every window", lie: func(h *wire.Hello) { h.WindowMessages, h.WindowBytes = math.MaxUint32, math.MaxUint64 }},
		{name: "a service of another name", lie: func(h *wire.Hello) { h.Service = "other" }, cut: true},
		{name: "no service", lie: func(h *wire.Hello) { h.Service = "" }, cut: true},
		{name: "versions to come", lie: func(h *wire.Hello) { h.MinVersion, h.MaxVersion = 2, 255 }, cut: true},
		{name: "a thousand services", lie: func(h *wire.Hello) {
			for i := range wire.MaxServices {
				h.Services = append(h.Services, fmt.Sprint("service ", i))
			}
		}},
		{name: "no routes", lie: routes()},
		{name: "an open brace", lie: routes("/{a:(((((", "/good")},
		{name: "an open group", lie: routes("/{a:(((((}", "/good")},
		{name: "a million times", lie: routes("/{x:.{1000000}}", "/good")},
		{name: "a thousand times a thousand", lie: routes("/{x:(.{1000}){1000}}", "/good")},
		{name: "often enough", lie: routes("/{x:((a{50}){50}){50}}", "/good")},
		{name: "nested stars", lie: routes("/{x:(a*)*b}/{y:(a|aa)+$}/{z:(.*)*}", "/good")},
		{name: "two wildcards", lie: routes("/*/*", "/good")},
		{name: "a name twice", lie: routes("/{a}/{a}", "/good")},
		{name: "one pattern twice", lie: routes("/a", "/a", "/good")},
		{name: "many regexps", lie: many(4096, "/{x:[a-z]{50}%d}")},
		{name: "many parameters", lie: many(1000, "/"+strings.Repeat("{a}/{b}/", 20)+"%d")},
		{name: "one path of parameters", lie: routes("/"+strings.Repeat("{a}/", 900), "/good")},
		{name: "long patterns", lie: many(200, "/"+strings.Repeat("x", 4000)+"%d")},
		{name: "as many as may be", lie: many(wire.MaxRoutes, "/%d/{a}/b/{c}/*")},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := besiegeClient(t, true, 1)
			heap := watchHeap()
			r := s.rogues[0]
			r.serve(func(req *wire.Request) [][]byte { return [][]byte{frameOf(rogueReply(req))} })
			h := rogueHello()
			c.lie(h)
			s.True(r.say(frameOf(h)) || c.cut) // it is heard
			s.Equal(s.heard(r), !c.cut)        // and cut off only where it cannot be lived with
			for _, path := range []string{"/rogue", "/" + strings.Repeat("a", 1000), "/" + strings.Repeat("/", 1000), "/" + strings.Repeat("a/", 1000)} {
				got := s.call(path)
				s.NoErr(got.err) // every path is answered, or refused, at once
			}
			s.heapHolds(heap)
			s.end()
		})
	}
}

// heard says whether an instance still is one after its hello: the client reads on.
func (s *siege) heard(r *rogue) bool {
	s.t.Helper()
	before := s.client.Stats().Stranger
	if !r.say(responseFields(rogueIDs.Next()).frame()) {
		return false
	}
	rogueAwait(s.t, "the client reads on, or has cut the rogue off", func() bool {
		return r.ended() || s.client.Stats().Stranger > before
	})
	return s.client.Stats().Stranger > before
}

// TestHostileHelloFlood: an instance that tells other routes with every hello is not remembered for all of them.
func TestHostileHelloFlood(t *testing.T) {
	eachBinding(t, func(t *testing.T, victimBinds bool) {
		const flood = 100
		s := besiegeClient(t, victimBinds, 1)
		s.rogues[0].serve(func(req *wire.Request) [][]byte { return [][]byte{frameOf(rogueReply(req))} })
		heap := watchHeap()
		for i := range flood {
			h := rogueHello()
			for n := range 1000 {
				h.Routes = append(h.Routes, wire.Route{Method: "*", Pattern: fmt.Sprintf("/%d/%d", i, n)})
			}
			s.True(s.rogues[0].say(frameOf(h))) // it may change its mind
		}
		s.True(s.heard(s.rogues[0])) // all of it was read
		s.heapHolds(heap)
		s.end()
	})
}

// TestHostileWindow: no window that an instance claims is used beyond what a link can queue, and only half of that for
// requests whose answers nobody waits for.
func TestHostileWindow(t *testing.T) {
	s := besiegeClient(t, true, 1)
	h := rogueHello()
	h.WindowMessages, h.WindowBytes = math.MaxUint32, math.MaxUint64
	s.rogues[0].watch(func(wire.Message) bool { return true }) // it answers nothing
	s.True(s.rogues[0].say(frameOf(h)))
	s.True(s.heard(s.rogues[0]))
	taken := 0
	for taken < transport.DefaultQueueMessages {
		if _, err := s.client.Send(t.Context(), "slow", &handler.Request{Path: "/rogue"}); err != nil {
			break
		}
		taken++
	}
	s.Equal(taken, transport.DefaultQueueMessages/4) // half of what the client itself allows
	s.end()
}
