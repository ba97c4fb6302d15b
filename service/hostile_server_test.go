package service_test

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"testing"

	"quartet/transport/wire"
)

// TestHostileFramesAtServer: whatever bytes an app sends, they are answered with an error or cut it off, run nothing,
// and cost next to no memory.
func TestHostileFramesAtServer(t *testing.T) {
	eachBinding(t, func(t *testing.T, victimBinds bool) {
		all := bombs(requestFields, atHeader)
		names := slices.Sorted(maps.Keys(all))
		s := besiegeServer(t, victimBinds, len(names))
		heap := watchHeap()
		for i, name := range names {
			s.offend(s.rogues[i], name, all[name](rogueIDs.Next()))
		}
		s.heapHolds(heap)
		s.Equal(s.bad.Load(), int64(0)) // nothing malformed ran
		s.end()
		runtime.KeepAlive(all)
	})
}

// TestHostileFieldsAtServer: every field of every message with everything in it that does not belong there, and a
// request that breaks off at every byte.
func TestHostileFieldsAtServer(t *testing.T) {
	frames := cutShort(requestFields(rogueIDs.Next()).frame())
	for _, f := range []func(wire.ID) mpFields{requestFields, responseFields, helloFields} {
		for _, m := range mutations(f) {
			frames = append(frames, f(rogueIDs.Next()).with(m.at, m.value))
		}
	}
	s := besiegeServer(t, true, 1)
	heap, r := watchHeap(), s.rogues[0]
	for i, f := range frames {
		if !s.offend(r, fmt.Sprintf("frame %d, % x", i, f[:min(len(f), 40)]), f) {
			r, _ = s.another()
		}
	}
	s.heapHolds(heap)
	s.Equal(s.bad.Load(), int64(0)) // nothing malformed ran
	s.end()
	runtime.KeepAlive(frames)
}

// answerable: a malformed request whose id can be read.
func answerable(frame []byte) bool {
	_, err := wire.Decode(frame)
	kind, _, ok := wire.IDOf(err)
	return ok && kind == wire.KindRequest
}

// offend sends a malformed frame and then a good request. It says whether the rogue lives on: then the frame was
// answered with 400, if it was a request with an id that can be read, or of a kind that is nobody's business.
func (s *siege) offend(r *rogue, name string, frame []byte) (alive bool) {
	s.t.Helper()
	_, bad := wire.Decode(frame)
	s.True(bad != nil) // it is malformed
	good := rogueAsk("/good")
	if !r.say(frame, frameOf(good)) {
		r.mustEnd()
		return false
	}
	_, id, ok := wire.IDOf(bad)
	if answerable(frame) && ok {
		refused := r.final(id)
		if refused == nil || refused.Status != 400 {
			s.t.Errorf("%s: a request that cannot be read was answered by %+v", name, refused)
		}
	}
	return r.final(good.ID) != nil
}
