package transport

import (
	"context"
	"net/netip"
	"testing"

	"github.com/matryer/is"
)

// TestWhoIsCutForANewerHandshake: neither who holds the secret nor who comes alone, but the host that floods.
func TestWhoIsCutForANewerHandshake(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var h handshakes
	flooder, other := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	honest := h.begin(context.Background(), other)
	holder := h.begin(context.Background(), flooder)
	holder.vouch()
	first := h.begin(context.Background(), flooder)
	for range 10 * maxHandshakes {
		h.begin(context.Background(), flooder)
	}
	is.Equal(len(h.queue), maxHandshakes) // the bound
	is.NoErr(honest.ctx.Err())            // another host has its place
	is.NoErr(holder.ctx.Err())            // whoever has shown the secret, too
	is.True(first.ctx.Err() != nil)       // the oldest of the flood had to go
	h.end(honest)
	h.end(holder)
	is.Equal(len(h.queue), maxHandshakes-2) // who is done makes room
}
