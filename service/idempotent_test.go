package service_test

import (
	"errors"
	"testing"

	"github.com/matryer/is"

	"quartet/service"
	"quartet/service/servicetest"
	"quartet/transport/wire"
)

// TestIdempotent: only a call that is declared so is asked again of another instance when its own is lost, and not for ever,
// since it may be the call that ends them.
func TestIdempotent(t *testing.T) {
	t.Parallel()
	for _, e := range []struct {
		name  string
		call  []service.CallOption
		kills int
		want  error
	}{
		{"not declared", nil, 1, service.ErrLost},
		{"one instance lost", []service.CallOption{service.WithIdempotent()}, 1, nil},
		{"two instances lost", []service.CallOption{service.WithIdempotent()}, 2, nil},
		{"three instances lost", []service.CallOption{service.WithIdempotent()}, 3, service.ErrLost},
	} {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			addr := servicetest.Addr()
			c := newClient(t, addr, service.WithWait(patience))
			done := ask(t.Context(), c, "/", e.call...)
			for range e.kills {
				f := fakeInstance(t, c, addr, 8)
				next[*wire.Request](f)
				f.peer.Abort(errors.New("killed by the test"))
				recv(t, f.gone, "its end")
			}
			if e.want == nil {
				newServer(t, echo, addr)
				is.NoErr(recv(t, done, "the answer").err)
				return
			}
			failed(is, recv(t, done, "the caller was told").err, e.want, 502)
			is.Equal(c.Leftovers(), nil)
		})
	}
}

// TestSendIsNeverIdempotent: a Send whose instance is lost has that as its receipt.
func TestSendIsNeverIdempotent(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	addr := servicetest.Addr()
	c, got := sender(t, addr)
	f := fakeInstance(t, c, addr, 8)
	send(t, c, service.WithIdempotent())
	next[*wire.Request](f)
	f.peer.Abort(errors.New("killed by the test"))
	is.Equal(got.only(t, c).Answer.Status, 502)
}
