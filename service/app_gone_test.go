package service_test

import (
	"context"
	"testing"
	"time"

	"github.com/matryer/is"

	"quartet/service"
	"quartet/transport/wire"
)

// TestWorkOfAnAppThatIsGone: whoever waited is gone, so their handlers' contexts end; sent work goes on.
func TestWorkOfAnAppThatIsGone(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	g := newGate()
	f, s := fakeApp(t, g, service.WithConcurrency(2))
	for n, flags := range []wire.Flags{0, wire.FlagSent, 0, wire.FlagSent} {
		r := request([]string{"/call", "/sent", "/call", "/sent"}[n], time.Minute)
		r.ID, r.Flags = wire.ID{byte(n)}, flags
		f.say(r)
	}
	recv(t, g.entered, "one began")
	recv(t, g.entered, "another began")
	f.peer.Abort(nil)
	is.Equal(recv(t, g.ended, "one ended"), context.Canceled) // of the call
	await(t, "the app is forgotten", func() bool { return s.Stats().Apps == 0 })
	await(t, "the queued call is gone", func() bool { return s.Stats().Queued <= 1 })

	shut := make(chan error, 1) // even a shutdown does not end sent work before its time
	go func() { shut <- s.Shutdown(context.Background()) }()
	g.Open()
	is.NoErr(recv(t, shut, "the end"))
	is.Equal(len(g.ended), 0)
	is.Equal(recv(t, g.entered, "the second sent one ran").Path, "/sent")
	is.Equal(len(g.entered), 0)
}
