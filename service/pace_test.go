package service

import (
	"testing"
	"time"

	"github.com/matryer/is"
)

func TestPace(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	now := time.Now()
	var p pace
	p.begin(now)
	is.Equal(p.wait(100, now), time.Duration(0)) // not known
	p.step(now)
	for range 20 { // one in a millisecond
		now = now.Add(time.Millisecond)
		p.step(now)
	}
	is.Equal(p.wait(100, now), 100*time.Millisecond)
	now = now.Add(paceSpan)
	is.Equal(p.wait(100, now), 100*time.Millisecond) // none for a moment
	now = now.Add(4 * paceSpan)
	is.Equal(p.wait(1, now), 5*paceSpan) // none for long: it stands
	p.step(now)
	is.Equal(p.wait(1, now), 5*paceSpan) // one in that time
	now = now.Add(paceKept)
	p.begin(now)
	is.Equal(p.wait(1, now), 5*paceSpan)                 // as before, when nobody waited for a moment
	is.Equal(p.wait(1, now.Add(5*paceSpan)), 5*paceSpan) // nobody was served yet: handlers may just take so long
	now = now.Add(1)
	p.begin(now)
	is.Equal(p.wait(100, now), time.Duration(0)) // long ago
	p.step(now.Add(paceSpan))
	p.forget()
	is.Equal(p.wait(100, now), time.Duration(0)) // something else now
}
