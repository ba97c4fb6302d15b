//go:build !race

package service_test

import (
	"testing"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/service"
	"quartet/service/servicetest"
)

// TestAllocCall keeps the price of a call, both sides together, where it was found to be: 13, among them both frames, what the
// handler and the caller are given, and the call itself.
func TestAllocCall(t *testing.T) {
	for _, e := range []struct {
		name string
		size int
		most float64
	}{
		{"100 B", 100, 14},
		{"4 KiB", 4 << 10, 14},
	} {
		t.Run(e.name, func(t *testing.T) {
			is := is.New(t)
			addr := servicetest.Addr()
			c := newClient(t, addr)
			newServer(t, echo, addr)
			ready(t, c)
			r := &handler.Request{Path: "/", Body: make([]byte, e.size)}
			got := testing.AllocsPerRun(2000, func() {
				if reply, err := c.Call(t.Context(), svc, r); err != nil || len(reply.Body) != e.size {
					t.Fatal(err)
				}
			})
			t.Logf("%v allocations per call", got)
			is.True(got <= e.most)
		})
	}
}

// TestAllocRefusal: what is refused on the way in costs next to nothing.
func TestAllocRefusal(t *testing.T) {
	is := is.New(t)
	c := newClient(t, servicetest.Addr(), service.WithWait(0))
	r := &handler.Request{Path: "no slash"}
	got := testing.AllocsPerRun(1000, func() {
		if _, err := c.Call(t.Context(), svc, r); err == nil {
			t.Fatal("it was not refused")
		}
	})
	t.Logf("%v allocations per refusal", got)
	is.True(got <= 15)
}
