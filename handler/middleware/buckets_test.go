package middleware

import (
	"fmt"
	"testing"
	"time"

	"github.com/matryer/is"
)

// TestBucketsForgetWhoGainsLeast: callers with full buckets first, then whoever's is fullest.
func TestBucketsForgetWhoGainsLeast(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	b := newBuckets(1, 10, 3)
	now := time.Now()
	take := func(caller string, n int) {
		for range n {
			b.take(caller, now)
		}
	}
	take("greedy", 10)
	now = now.Add(time.Second)
	take("modest", 1)
	now = now.Add(2 * time.Second)
	take("average", 5)
	take("new", 1) // modest is full again
	is.True(b.byCaller["modest"] == nil && len(b.byCaller) == 3)
	take("newer", 2) // nobody is full; new has the most
	is.True(b.byCaller["new"] == nil && len(b.byCaller) == 3)
	for i := range 1000 { // a crowd of newcomers
		take(fmt.Sprint(i), 1)
	}
	is.True(b.byCaller["greedy"] != nil) // does not make the greedy one forgotten
	is.Equal(len(b.byCaller), 3)
	is.Equal(len(b.fullest), 3)
	for i, c := range b.fullest {
		is.Equal(c.index, i)
		is.Equal(b.byCaller[c.caller], c) // map and heap hold the same
	}
}
