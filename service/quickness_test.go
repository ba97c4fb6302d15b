package service

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"
)

func TestQuickness(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		var q quickness
		run := func(n int, took time.Duration) {
			for range n {
				q.ran(took, true)
			}
		}
		is.True(!q.runsHere(true)) // nobody knows
		run(1, time.Microsecond)
		is.True(!q.runsHere(true)) // one tells little
		run(60, time.Microsecond)
		is.True(q.runsHere(true))   // where nothing waits
		is.True(!q.runsHere(false)) // not where others wait
		run(200, time.Microsecond)
		is.True(q.runsHere(false))
		run(1, time.Millisecond)
		is.True(!q.runsHere(false)) // one in a hundred that is a hundred times slower
		run(100, time.Microsecond)
		is.True(q.runsHere(false))
		for pause := quickPause; pause < quickPauseMax; pause *= 2 { // the more often the longer
			q.misled(time.Now())
			time.Sleep(pause)
			is.True(!q.runsHere(true))
			time.Sleep(time.Nanosecond)
			is.True(q.runsHere(true)) // another try
		}
		q.misled(time.Now())
		time.Sleep(quickPauseMax)
		is.True(!q.runsHere(true)) // no longer than that
		time.Sleep(time.Nanosecond)
		run(quickPardon, time.Microsecond)
		q.misled(time.Now())
		time.Sleep(time.Nanosecond)
		is.True(q.runsHere(true)) // one in a thousand is pardoned
		q.misled(time.Now())
		time.Sleep(quickPause)
		is.True(!q.runsHere(true)) // the next one not
	})
}
