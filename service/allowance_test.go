package service

import (
	"testing"
	"time"

	"github.com/matryer/is"

	"quartet/transport/wire"
)

func TestAllowance(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	now := time.Now()
	later := func(d time.Duration) time.Time { return now.Add(d) }
	var l allowance
	is.True(l.has(10_000)) // no limit but the window
	l.answered(256)
	is.True(l.has(10_000)) // answers alone change nothing

	l.refused(now, 199, later(1)) // of 200
	is.True(l.has(149))
	is.True(!l.has(150)) // a quarter less
	l.refused(now, 199, later(2))
	is.True(l.has(149))               // it was asked before the cut
	l.refused(later(3), 99, later(4)) // of 100, though it might have been 150
	is.True(l.has(74))
	is.True(!l.has(75))

	for range 76 {
		l.answered(256)
	}
	is.True(l.has(75)) // one more with as many answers
	is.True(!l.has(76))

	for n := range 20 {
		l.refused(later(time.Duration(5+n)), 0, later(time.Duration(5+n)))
	}
	is.True(l.has(leastShare - 1)) // never less
	is.True(!l.has(leastShare))
	for range 256 * 256 / 2 {
		l.answered(256)
	}
	is.True(l.has(10_000)) // forgotten
}

// TestAllowanceIsForCalls: what was sent neither counts nor is held up, and says nothing.
func TestAllowanceIsForCalls(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	i := &instance{window: 256, windowBytes: DefaultWindowBytes}
	for range 100 {
		i.used.add(256)
		i.sent.add(256)
	}
	i.learn(&attempt{sent: true}, wire.OutcomeOverloaded, time.Now())
	i.learn(&attempt{size: largeRequest + 1}, wire.OutcomeOverloaded, time.Now())
	is.Equal(i.allowed, allowance{}) // of bounds of their own
	i.learn(&attempt{started: time.Now()}, wire.OutcomeOverloaded, time.Now())
	for range leastShare {
		is.True(i.hasRoom(&call{size: 256})) // those that were sent do not count
		i.used.add(256)
	}
	is.True(!i.hasRoom(&call{size: 256}))
	is.True(i.hasRoom(&call{size: 256, sent: true})) // and go on
}
