package service_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/service/servicetest"
	"quartet/transport"
	"quartet/transport/wire"
)

// TestFirstRequestIsLate: an app that tells its clock with its hello is known from then on, so that what lay in buffers is
// taken from the time of the very first request.
func TestFirstRequestIsLate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		left := make(chan time.Duration, 1)
		addr := servicetest.Addr()
		addr.ServiceBinds = true
		newServer(t, handler.Func(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
			deadline, _ := ctx.Deadline()
			left <- time.Until(deadline)
			return &handler.Response{}, nil
		}), addr)
		began := time.Hour.Microseconds() // of a clock of its own
		hello := appHello()
		hello.Sent = began
		f := newFake(t, transport.App, addr, hello)
		synctest.Wait()
		time.Sleep(time.Second)
		say := func(id byte, time time.Duration) {
			r := request("/", time)
			r.ID, r.Sent = wire.ID{id}, began
			f.say(r)
		}
		say(1, 300*time.Millisecond)
		is.Equal(next[*wire.Response](f).Outcome, wire.OutcomeExpired)
		say(2, 3*time.Second)
		is.Equal(next[*wire.Response](f).Outcome, wire.OutcomeAnswered)
		is.True(<-left <= 2*time.Second+time.Millisecond) // less the second
	})
}
