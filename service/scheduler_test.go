package service

import (
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"

	"quartet/transport/wire"
)

// shop is a scheduler whose jobs wait until they are released, in a bubble.
type shop struct {
	*scheduler
	mu      sync.Mutex
	order   []*job
	release map[*job]chan struct{}
}

func newShop(concurrency, backlog int) *shop {
	p := &shop{release: map[*job]chan struct{}{}}
	p.scheduler = newScheduler(serverOptions{concurrency: concurrency, backlog: backlog, large: DefaultLarge}, func(j *job) {
		done := make(chan struct{})
		p.mu.Lock()
		p.order = append(p.order, j)
		p.release[j] = done
		p.mu.Unlock()
		<-done
	})
	return p
}

func (p *shop) began() int {
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.order)
}

// end ends the n-th job that began.
func (p *shop) end(n int) {
	p.mu.Lock()
	close(p.release[p.order[n]])
	p.mu.Unlock()
	synctest.Wait()
}

func newJob(sent bool) *job {
	time.Sleep(time.Microsecond) // in a bubble: the order of arrival is clear
	j := &job{req: &wire.Request{}, arrived: time.Now(), size: 1}
	if sent {
		j.req.Flags = wire.FlagSent
	}
	return j
}

func TestSchedulerLimits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		p := newShop(2, 2)
		defer p.halt() // its goroutines end
		jobs := []*job{newJob(false), newJob(false), newJob(false), newJob(false)}
		for _, j := range jobs {
			is.Equal(p.submit(j), "")
		}
		is.Equal(p.submit(newJob(false)), "the backlog is full")
		is.Equal(p.began(), 2) // no more than that run
		is.True(p.withdraw(jobs[2]))
		is.Equal(p.submit(newJob(false)), "") // what was withdrawn leaves its place
		p.end(1)
		is.Equal(p.began(), 3)
		is.Equal(p.order[2], jobs[3]) // the longest wait first, without the one withdrawn
		for n := range 4 {
			if n != 1 {
				p.end(n)
			}
		}
		is.Equal(p.wait(time.Second), 0)
		is.Equal(p.bytes, int64(0))
	})
}

// TestSchedulerLarge: where handlers are quick they run where their requests are read, but for those with large bodies.
func TestSchedulerLarge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		p := newShop(2, 0)
		defer p.halt() // its goroutines end
		p.quick.known = true
		small, large := newJob(false), newJob(false)
		small.app, large.app, large.size = &app{}, &app{}, largeRequest+1
		is.Equal(p.submit(small), "")
		is.True(small.here)
		is.Equal(p.submit(large), "")
		is.True(!large.here)
		is.Equal(p.began(), 1) // the other one is left to whoever has submitted it
		p.end(0)
		p.over(small)
	})
}

func TestSchedulerHalves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		p := newShop(4, 4)
		defer p.halt() // its goroutines end
		for range 4 {
			is.Equal(p.submit(newJob(true)), "")
		}
		is.Equal(p.submit(newJob(true)), "the backlog is full") // half of the backlog
		is.Equal(p.began(), 2)                                  // half of the handlers
		for range 4 {
			is.Equal(p.submit(newJob(false)), "") // two run, two wait
		}
		is.Equal(p.began(), 4)
		p.end(0) // of a sent job: the longest waiting is a sent one
		is.True(p.order[4].sent())
		p.end(2) // of a sync job: of the sent half both are busy
		is.True(!p.order[5].sent())
		for _, n := range []int{1, 3, 4, 5, 6, 7} {
			p.began()
			p.end(n)
		}
		is.Equal(p.wait(time.Second), 0)
	})
}

// TestSchedulerLine: those whose callers wait do so in a short line, but one app may always use its window.
func TestSchedulerLine(t *testing.T) {
	t.Parallel()
	for _, e := range []struct{ concurrency, backlog, window, want int }{
		{1024, 1024, 256, 1024},
		{50, 1024, 100, 200},
		{50, 1024, 256, 256},
		{50, 10, 256, 10},
		{1, 0, 256, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			is := is.New(t)
			block := make(chan struct{})
			o := serverOptions{concurrency: e.concurrency, backlog: e.backlog, window: e.window, large: DefaultLarge}
			s := newScheduler(o, func(*job) { <-block })
			defer s.halt() // its goroutines end
			for range e.concurrency + e.want {
				is.Equal(s.submit(newJob(false)), "")
			}
			is.Equal(s.submit(newJob(false)), "the backlog is full")
			if half(e.backlog) > 0 && e.want < e.backlog {
				is.Equal(s.submit(newJob(true)), "") // who waits for nothing may wait longer
			}
			close(block)
			is.Equal(s.wait(time.Second), 0)
		})
	}
}

func TestSchedulerOfOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		p := newShop(1, 0)
		defer p.halt()                       // its goroutines end
		is.Equal(p.submit(newJob(true)), "") // half of one is one
		is.Equal(p.submit(newJob(false)), "the backlog is full")
		is.Equal(p.began(), 1)
		is.Equal(p.wait(time.Second), 1) // it still runs
		p.end(0)
		is.Equal(p.wait(time.Second), 0)
	})
}

func TestSchedulerBytes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		p := newShop(1, 100)
		defer p.halt() // its goroutines end
		is.Equal(p.submit(newJob(false)), "")
		large := newJob(false)
		large.size = backlogBytes + 1
		is.Equal(p.submit(large), "") // a single one always fits
		is.Equal(p.submit(newJob(false)), "the backlog is full")
		p.began()
		p.end(0)
		p.began()
		p.end(1)
		is.Equal(p.bytes, int64(0))
	})
}

// TestSchedulerGoexit: a handler that ends its goroutine costs no place.
func TestSchedulerGoexit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		ran := 0
		s := newScheduler(serverOptions{concurrency: 1, backlog: 10, large: DefaultLarge}, func(*job) {
			ran++
			runtime.Goexit()
		})
		for range 5 {
			is.Equal(s.submit(newJob(false)), "")
		}
		is.Equal(s.wait(time.Second), 0)
		is.Equal(ran, 5)
	})
}

func TestWithdrawRunning(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s := newScheduler(serverOptions{concurrency: 1}, nil)
	j := &job{req: &wire.Request{}}
	is.True(s.enterHandler(j))
	is.True(!s.withdraw(j)) // it runs
	is.True(j.ctx.Err() != nil)

	early := &job{req: &wire.Request{}}
	is.True(!s.withdraw(early))     // it is about to run
	is.True(!s.enterHandler(early)) // and then does not
}

// TestCrew: goroutines are used again, those that are not needed leave after a while, and all of them at the end.
func TestCrew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		p := newShop(10, 10)
		idle := func() int {
			synctest.Wait()
			p.crew.mu.Lock()
			defer p.crew.mu.Unlock()
			return len(p.crew.idle)
		}
		for range 5 {
			is.Equal(p.submit(newJob(false)), "")
		}
		is.Equal(p.began(), 5)
		for n := range 5 {
			p.end(n)
		}
		is.Equal(idle(), 5) // they wait for more
		for n := range 20 {
			is.Equal(p.submit(newJob(false)), "")
			is.Equal(p.began(), 6+n)
			is.Equal(idle(), 4) // one of them took it
			p.end(5 + n)
			time.Sleep(crewLook / 10)
		}
		is.Equal(idle(), 1) // four were not needed
		time.Sleep(3 * crewLook)
		is.Equal(idle(), 0)
		is.Equal(p.submit(newJob(false)), "")
		is.Equal(p.began(), 26)
		p.end(25)
		is.Equal(idle(), 1)
		p.halt()
		is.Equal(idle(), 0) // and the bubble ends only when its goroutines do
	})
}
