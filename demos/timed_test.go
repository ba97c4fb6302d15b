package demos_test

import (
	"testing"
	"time"

	"github.com/matryer/is"

	"quartet/internal/timed"
)

// TestTimedPages asks for 200 pages at once: one instance works for them all side by side.
func TestTimedPages(t *testing.T) {
	is := is.New(t)
	shared := sockets(t)
	_, v := startApp(t, shared)
	start(t, "service", shared...)
	v.await(t, "/readyz", 200)

	stall := timed.StallsEvery(time.Millisecond)
	var answers [200]<-chan page
	for i := range answers {
		answers[i] = ask(v, "/service/sync?delay=1s")
	}
	var slowest time.Duration
	for _, answer := range answers {
		p := <-answer
		is.Equal(p.Status, 200)
		slowest = max(slowest, p.Took)
	}
	limit := 2*time.Second + stall()
	t.Logf("the slowest of %d pages took %v, the limit is %v", len(answers), slowest, limit)
	is.True(slowest <= limit) // nobody waited for somebody else's second
}
