package transport

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
)

// handshakes bounds what is under way at a Listener. When there is no room for a newer one, one is cut that
// has not shown that it holds the secret, of the source that has most of those, the oldest: so a flood from
// one host, or one that only opens connections, does not keep an honest peer out that is far away.
type handshakes struct {
	mu    sync.Mutex
	queue []*hand // the oldest first
}

// hand is one handshake under way.
type hand struct {
	ctx     context.Context
	cancel  context.CancelCauseFunc
	source  netip.Addr // zero where there is none
	vouched atomic.Bool
}

// vouch notes that the peer holds the secret.
func (h *hand) vouch() { h.vouched.Store(true) }

func sourceOf(c net.Conn) netip.Addr {
	if remote, ok := c.RemoteAddr().(*net.TCPAddr); ok {
		return remote.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}

func (h *handshakes) begin(parent context.Context, source netip.Addr) *hand {
	ctx, cancel := context.WithCancelCause(parent)
	n := &hand{ctx: ctx, cancel: cancel, source: source}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.queue) == maxHandshakes {
		at := h.victim()
		h.queue[at].cancel(fmt.Errorf("%w: %d handshakes under way, this one was cut for a newer one", ErrTooManyLinks, maxHandshakes))
		h.queue = slices.Delete(h.queue, at, at+1)
	}
	h.queue = append(h.queue, n)
	return n
}

// victim is who has to go. The lock is held.
func (h *handshakes) victim() int {
	count := map[netip.Addr]int{}
	for _, n := range h.queue {
		if !n.vouched.Load() {
			count[n.source]++
		}
	}
	at, most := 0, 0
	for i, n := range h.queue {
		if !n.vouched.Load() && count[n.source] > most {
			at, most = i, count[n.source]
		}
	}
	return at
}

func (h *handshakes) end(n *hand) {
	n.cancel(nil)
	h.mu.Lock()
	defer h.mu.Unlock()
	if i := slices.Index(h.queue, n); i >= 0 {
		h.queue = slices.Delete(h.queue, i, i+1)
	}
}
