package service_test

import (
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"quartet/service"
	"quartet/transport"
	"quartet/transport/wire"
)

// TestHostileBodies: 64 apps at once send bodies of 4 MiB, one after the other, to handlers that block. The heap grows by
// what is allowed to be on its way and in the hands of handlers, and no more.
func TestHostileBodies(t *testing.T) {
	const apps, each = 64, 4
	s := besiegeServer(t, true, 0)
	body := make([]byte, service.DefaultMaxBody)
	var heads [apps][]byte // what comes before the body
	for i := range heads {
		req := rogueAsk("/block")
		req.Body = body
		frame := frameOf(req)
		heads[i] = slices.Clone(rawMessage(frame)[:9+len(frame)-len(body)])
	}
	all := make([]*rawApp, apps)
	for i := range all {
		all[i] = dialRaw(t, s.home)
	}
	heap := watchHeap()
	var sending sync.WaitGroup
	for i, a := range all {
		sending.Go(func() {
			a.requests.SetWriteDeadline(time.Now().Add(2 * time.Second))
			for n := range each {
				head := slices.Clone(heads[i])
				head[lastOfID] = byte(n) // another request
				if _, err := (&net.Buffers{head, body}).WriteTo(a.requests); err != nil {
					return // it is cut off, or waits for memory
				}
			}
		})
	}
	sending.Wait()
	inUse := heap.inUse()
	t.Logf("%d handlers have a body, %.1f MiB of heap are in use", s.bad.Load(), mib(inUse))
	s.True(s.bad.Load() > 0)                      // some were let in
	s.True(inUse <= 2*transport.Budget+heapSlack) // no more than may be on its way and in the hands of handlers
	for _, a := range all {
		a.close()
	}
	rogueAwait(t, "the handlers are let go", func() bool { return s.server.Stats().Running <= 1 })
	peak, kept := heap.end(t)
	t.Logf("heap: %.1f MiB at the peak, garbage included, %.1f MiB kept", mib(peak), mib(kept))
	s.end()
}

// lastOfID is where the last byte of the id of a request is, behind frame header, array, version, kind and bin8.
const lastOfID = 9 + 1 + 1 + 1 + 2 + len(wire.ID{}) - 1
