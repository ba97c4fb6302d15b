package service

import "sync"

// queueKept is how much room for what waits an empty queue keeps.
const queueKept = 256

// queue has work done in the order in which it came, by at most so many goroutines at a time. As long as one of them is
// on its way to what waits no other is woken: work that is short is done by few. It is safe for concurrent use.
type queue[T any] struct {
	work func(T) // it may end its goroutine
	most int

	mu      sync.Mutex
	waiting []T // from first on
	first   int
	workers int
	coming  bool // one was woken and is not here yet
	crew    crew[*queue[T]]
}

func newQueue[T any](most int, work func(T)) *queue[T] {
	q := &queue[T]{work: work, most: most}
	q.crew.work = (*queue[T]).serve
	return q
}

// do has one more piece of work done. It does not wait.
func (q *queue[T]) do(v T) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.first > cap(q.waiting)/2 { // what was done is more than half of it
		n := copy(q.waiting, q.waiting[q.first:])
		clear(q.waiting[n:])
		q.waiting, q.first = q.waiting[:n], 0
	}
	q.waiting = append(q.waiting, v)
	q.callOne()
}

// callOne wakes a worker if there may be one more, and none is coming. The lock is held.
func (q *queue[T]) callOne() {
	if !q.coming && q.workers < q.most {
		q.coming = true
		q.workers++
		q.crew.do(q)
	}
}

// serve works until nothing waits.
func (q *queue[T]) serve() {
	q.arrive()
	ended := true
	defer func() {
		if ended { // the work has ended this goroutine; another one takes its place
			q.mu.Lock()
			defer q.mu.Unlock()
			q.workers--
			if q.first < len(q.waiting) {
				q.callOne()
			}
		}
	}()
	for v, ok := q.next(); ok; v, ok = q.next() {
		q.work(v)
	}
	ended = false
}

func (q *queue[T]) arrive() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.coming = false
}

// next takes what has waited longest; false if nothing waits: the worker is gone then.
func (q *queue[T]) next() (v T, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.first == len(q.waiting) {
		if q.waiting, q.first = q.waiting[:0], 0; cap(q.waiting) > queueKept {
			q.waiting = nil
		}
		q.workers--
		return v, false
	}
	v, q.waiting[q.first] = q.waiting[q.first], v
	q.first++
	if q.first < len(q.waiting) {
		q.callOne()
	}
	return v, true
}

// load is how many pieces of work wait, and how many workers there are.
func (q *queue[T]) load() (waiting, workers int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting) - q.first, q.workers
}

// end lets the goroutines go, once they have nothing to do.
func (q *queue[T]) end() { q.crew.end() }
