package service_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"

	"quartet/service"
	"quartet/transport/wire"
)

// TestHundredExpired: of a hundred requests whose time ends in the queue none runs, though their app, which may be a plain
// peer, takes none of them back; and each has its final message.
func TestHundredExpired(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		const many = 100
		g := newGate()
		f, s := fakeApp(t, g, service.WithConcurrency(1))
		say := func(n int, left time.Duration) {
			r := request("/", left)
			r.ID = wire.ID{byte(n)}
			f.say(r)
		}
		say(0, time.Minute)
		for n := range many {
			say(1+n, 200*time.Millisecond)
		}
		synctest.Wait()
		is.Equal(s.Stats(), service.ServerStats{Apps: 1, Running: 1, Queued: many})
		time.Sleep(time.Second)
		g.Open()
		is.Equal(next[*wire.Response](f).Outcome, wire.OutcomeAnswered)
		for n := range many {
			final := next[*wire.Response](f)
			is.Equal(final.ID, wire.ID{byte(1 + n)})
			is.Equal(final.Outcome, wire.OutcomeExpired)
		}
		synctest.Wait()
		is.Equal(len(g.entered), 1) // but for the first none ran
		is.Equal(s.Leftovers(), nil)
		f.noMore(is)
	})
}
