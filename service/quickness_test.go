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
		is.True(!q.enough(true)) // nobody knows
		run(1, time.Microsecond)
		is.True(!q.enough(true)) // one tells little
		run(60, time.Microsecond)
		is.True(q.enough(true))   // where nothing waits
		is.True(!q.enough(false)) // not where others wait
		run(200, time.Microsecond)
		is.True(q.enough(false))
		run(1, time.Millisecond)
		is.True(!q.enough(false)) // one in a hundred that is a hundred times slower
		run(100, time.Microsecond)
		is.True(q.enough(false))
		for pause := quickPause; pause < quickPauseMax; pause *= 2 { // the more often the longer
			q.misled(time.Now())
			time.Sleep(pause)
			is.True(!q.enough(true))
			time.Sleep(time.Nanosecond)
			is.True(q.enough(true)) // another try
		}
		q.misled(time.Now())
		time.Sleep(quickPauseMax)
		is.True(!q.enough(true)) // no longer than that
		time.Sleep(time.Nanosecond)
		run(quickPardon, time.Microsecond)
		q.misled(time.Now())
		time.Sleep(time.Nanosecond)
		is.True(q.enough(true)) // one in a thousand is pardoned
		q.misled(time.Now())
		time.Sleep(quickPause)
		is.True(!q.enough(true)) // the next one not
	})
}
