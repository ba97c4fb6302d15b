package service

import (
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"
)

// TestQueue: all work is done, in the order in which it came, by as many goroutines as it takes and no more than may be.
func TestQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		const most = 3
		var mu sync.Mutex
		var began []int
		running, highest := 0, 0
		q := newQueue(most, func(v int) {
			mu.Lock()
			began = append(began, v)
			running++
			highest = max(highest, running)
			mu.Unlock()
			defer func() {
				mu.Lock()
				running--
				mu.Unlock()
			}()
			switch {
			case v%10 == 7:
				runtime.Goexit()
			case v%10 == 3:
				time.Sleep(time.Second) // of the bubble
			}
		})
		defer q.end()
		seen := func() (list []int, most int) {
			mu.Lock()
			defer mu.Unlock()
			return began, highest
		}
		for round := range 3 {
			for v := range 100 {
				q.do(v)
			}
			synctest.Wait()
			_, highest := seen()
			is.Equal(highest, most) // those that are slow do not hold up others, as long as there may be more
			time.Sleep(time.Minute)
			waiting, workers := q.load()
			is.Equal(waiting, 0)
			is.Equal(workers, 0)
			list, _ := seen()
			is.Equal(len(list), (round+1)*100) // each once, also after those that end their goroutine
		}
		q.do(100)
		synctest.Wait()
		list, _ := seen()
		is.Equal(list[len(list)-1], 100)
	})
}

// TestQueueKeepsTheOrder where one goroutine does it all, and forgets what is done.
func TestQueueKeepsTheOrder(t *testing.T) {
	is := is.New(t)
	const all = 10_000
	var got []int
	done := make(chan struct{})
	var q *queue[int]
	q = newQueue(1, func(v int) {
		got = append(got, v)
		if v+2 < all {
			q.do(v + 2) // it is never empty
		} else if v == all-1 {
			close(done)
		}
	})
	defer q.end()
	q.do(0)
	q.do(1)
	<-done
	is.Equal(len(got), all)
	for i, v := range got {
		is.Equal(v, i)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	is.True(cap(q.waiting) <= 16)
}
