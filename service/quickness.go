package service

import "time"

const (
	quickRun    = 5 * time.Microsecond  // of handlers that are run where their requests are read
	quickAlone  = 20 * time.Microsecond // where nothing waits to be read
	quickBefore = 2 * quickAlone        // what is thought of them before they have run
	quickPause  = 10 * time.Second      // after one that was not quick at all
)

// quickness tells whether handlers are so quick that to wake another goroutine for each would take longer than to run it
// in the one that has read the request. The mean counts, not the median: a slow one among many that are quick makes the
// requests behind it wait. The scheduler's lock guards it.
type quickness struct {
	mean  time.Duration // of the last 64 or so
	known bool
	pause time.Time // until then no
}

func (q *quickness) ran(took time.Duration) {
	if !q.known {
		q.mean, q.known = quickBefore, true
	}
	q.mean += (took - q.mean) / 64
}

// misled notes that one took so long that another goroutine had to read on.
func (q *quickness) misled(now time.Time) { q.pause = now.Add(quickPause) }

// enough answers for a request behind which others wait to be read, or none.
func (q *quickness) enough(alone bool) bool {
	most := quickRun
	if alone {
		most = quickAlone
	}
	return q.known && q.mean < most && (q.pause.IsZero() || time.Now().After(q.pause))
}
