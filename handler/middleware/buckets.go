package middleware

import (
	"container/heap"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// buckets has a token bucket for each caller, at most limit of them. A caller that it does not know has a full bucket.
type buckets struct {
	perSecond float64
	burst     int
	limit     int

	mu       sync.Mutex
	byCaller map[string]*bucket
	fullest  fullest
}

type bucket struct {
	caller string
	tokens *rate.Limiter
	full   time.Time // when it is full again
	index  int       // in fullest
}

func newBuckets(perSecond float64, burst, limit int) *buckets {
	return &buckets{perSecond: perSecond, burst: burst, limit: limit, byCaller: map[string]*bucket{}}
}

// take takes a token from the bucket of a caller. Where it has none ok is false, and seconds says when it will.
func (b *buckets) take(caller string, now time.Time) (seconds float64, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.of(caller, now)
	ok = c.tokens.AllowN(now, 1)
	tokens := c.tokens.TokensAt(now)
	c.full = now.Add(b.refill(float64(b.burst) - tokens))
	heap.Fix(&b.fullest, c.index)
	if ok {
		return 0, true
	}
	return b.refill(1 - tokens).Seconds(), false
}

// refill is how long it takes to put in so many tokens.
func (b *buckets) refill(tokens float64) time.Duration {
	const longest = 100 * 365 * 24 * time.Hour // so that no rate makes it overflow
	return time.Duration(min(tokens/b.perSecond, longest.Seconds()) * float64(time.Second))
}

// of finds or makes the bucket of a caller. The lock is held.
func (b *buckets) of(caller string, now time.Time) *bucket {
	if c := b.byCaller[caller]; c != nil {
		return c
	}
	if len(b.byCaller) >= b.limit {
		delete(b.byCaller, heap.Pop(&b.fullest).(*bucket).caller)
	}
	c := &bucket{caller: caller, tokens: rate.NewLimiter(rate.Limit(b.perSecond), b.burst), full: now}
	b.byCaller[caller] = c
	heap.Push(&b.fullest, c)
	return c
}

// fullest is a heap: the bucket that is or will be full first is at the top.
type fullest []*bucket

func (f fullest) Len() int           { return len(f) }
func (f fullest) Less(i, j int) bool { return f[i].full.Before(f[j].full) }

func (f fullest) Swap(i, j int) {
	f[i], f[j] = f[j], f[i]
	f[i].index, f[j].index = i, j
}

// Push and Pop are for package heap.
func (f *fullest) Push(x any) {
	c := x.(*bucket)
	c.index = len(*f)
	*f = append(*f, c)
}

func (f *fullest) Pop() any {
	last := len(*f) - 1
	c := (*f)[last]
	(*f)[last] = nil
	*f = (*f)[:last]
	return c
}
