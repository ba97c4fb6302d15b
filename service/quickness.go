package service

import "time"

const (
	quickRun      = 5 * time.Microsecond   // of handlers that are run where their requests are read
	quickAlone    = 20 * time.Microsecond  // where nothing waits to be read
	quickBefore   = 2 * quickAlone         // what is thought of them before they have run
	quickPardon   = 1000                   // one of so many may keep its reader: the system may have had it wait
	quickPause    = 100 * time.Millisecond // after one that does so sooner, and twice as long after each further one
	quickPauseMax = 10 * time.Second
)

// quickness tells whether handlers are so quick that to wake another goroutine for each would take longer than to run it
// in the one that has read the request. The mean counts, not the median: a slow one among many that are quick makes the
// requests behind it wait. The scheduler's lock guards it.
type quickness struct {
	mean   time.Duration // of the last 64 or so
	known  bool
	runs   int       // where their requests were read, since one kept its reader
	until  time.Time // no, until then
	paused time.Duration
}

// ran notes a handler, and whether it ran where its request was read.
func (q *quickness) ran(took time.Duration, here bool) {
	if !q.known {
		q.mean, q.known = quickBefore, true
	}
	q.mean += (took - q.mean) / 64
	if here {
		q.runs++
	}
}

// misled notes that one took so long that another goroutine had to read on.
func (q *quickness) misled(now time.Time) {
	q.paused = min(max(2*q.paused, quickPause), quickPauseMax)
	if q.runs >= quickPardon {
		q.paused = 0
	}
	q.runs, q.until = 0, now.Add(q.paused)
}

// runsHere says whether a request may run where it was read. alone: no other one waits to be read behind it.
func (q *quickness) runsHere(alone bool) bool {
	most := quickRun
	if alone {
		most = quickAlone
	}
	return q.known && q.mean < most && (q.until.IsZero() || time.Now().After(q.until))
}
