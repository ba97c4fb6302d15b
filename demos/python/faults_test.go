package python_test

import (
	"slices"
	"syscall"
	"testing"
	"time"

	"quartet/internal/timed"
	"quartet/service"
)

// eachCrew runs a test in all settings at once; every day in two, which have all there is.
func eachCrew(t *testing.T, plain bool, test func(c *crew)) {
	t.Parallel() // most of the time it waits
	some := settings
	if !full {
		some = []setting{settings[0], settings[3]}
	}
	for _, s := range some {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			test(newCrew(t, s, plain))
		})
	}
}

// namedAndPlain runs a test of named workers, and in full of plain ones, too.
func namedAndPlain(t *testing.T, test func(c *crew)) {
	for _, plain := range []bool{false, true} {
		if plain && !full {
			continue
		}
		t.Run(map[bool]string{false: "named", true: "plain"}[plain], func(t *testing.T) { eachCrew(t, plain, test) })
	}
}

// TestTimedWorkersRestart: three workers are restarted one after the other, under load. No call fails, and every Send is
// answered by a worker.
func TestTimedWorkersRestart(t *testing.T) { eachCrew(t, false, (*crew).rolling) }

// TestTimedPlainWorkersRestart: the same of plain peers, which say neither hello nor bye. They refuse what comes while they
// leave, for a second, and that is enough.
func TestTimedPlainWorkersRestart(t *testing.T) { eachCrew(t, true, (*crew).rolling) }

// rolling restarts all workers; every day only one of those that need a second to be known, and another to leave.
func (c *crew) rolling() {
	worst := timed.Stalls()
	calls := c.pour(faultRate/2, func() { c.call(false, 0) })
	sends := c.pour(faultSends, c.send)
	files := slices.Clone(c.files)
	for range rounds() {
		for i := range c.workers {
			if i > 0 && c.plain && !full {
				break
			}
			c.restart(i)
			files = append(files, c.files[i])
		}
	}
	calls()
	sends()
	c.NoErr(c.client.Shutdown(patiently(c.t)))
	c.Equal(c.failures(), nil) // each has an answer
	c.Equal(c.problems(files, faultOver+worst()), nil)
	c.t.Logf("%d calls and Sends", len(c.asked))
}

func rounds() int {
	if full {
		return 5
	}
	return 1
}

func (c *crew) restart(i int) {
	told := time.Now()
	c.NoErr(c.workers[i].cmd.Process.Signal(syscall.SIGTERM))
	c.Equal(c.workers[i].end(c.t), 0)
	c.True(time.Since(told) < 5*time.Second) // it drains in time
	c.start(i)
	c.meets(i)
}

// TestTimedWorkerKilled: kill -9 of one of three. Only what it had is lost; what is declared idempotent is answered by
// another.
func TestTimedWorkerKilled(t *testing.T) {
	t.Parallel()
	namedAndPlain(t, func(c *crew) {
		c.nap = "200ms"
		plain := c.pour(faultRate/2, func() { c.call(false, 0) })
		again := c.pour(faultRate/2, func() { c.call(true, 0) })
		<-time.After(500 * time.Millisecond)
		at := time.Now()
		c.workers[0].kill()
		files := append(slices.Clone(c.files), "")
		c.start(0)
		files[3] = c.files[0]
		c.meets(0)
		plain()
		again()
		c.NoErr(c.client.Shutdown(patiently(c.t)))
		c.Equal(c.failures(service.ErrLost), nil) // nobody hears of anything else
		c.Equal(c.lost(true), 0)
		c.True(c.lost(false) > 0 && c.lost(false) <= faultRate/10) // what it had at a time: a third of 100 a second, for 200 ms each
		for _, a := range c.asked {
			if a.ends[0] != nil {
				c.True(a.begun.Before(at.Add(time.Second))) // then it gets nothing more
			}
		}
		c.Equal(c.problems(files, time.Minute), nil)
		c.t.Logf("%d were lost", c.lost(false))
	})
}

// TestTimedWorkersStop: workers are stopped for a while, and go on. Every call returns by its deadline, and nothing runs twice,
// or late.
func TestTimedWorkersStop(t *testing.T) {
	t.Parallel()
	namedAndPlain(t, func(c *crew) {
		worst := timed.Stalls()
		calls := c.pour(faultRate, func() { c.call(false, faultTimeout) })
		<-time.After(300 * time.Millisecond)
		c.signal(syscall.SIGSTOP)
		<-time.After(time.Second)
		c.signal(syscall.SIGCONT)
		<-time.After(300 * time.Millisecond)
		calls()
		c.NoErr(c.client.Shutdown(patiently(c.t)))
		slack := faultOver + worst()
		c.Equal(c.failures(service.ErrTimeout, service.ErrRejected, service.ErrUnavailable), nil)
		late := 0
		for _, a := range c.asked {
			if a.told.Sub(a.deadline) > slack && a.deadline.Sub(a.begun) <= faultTimeout {
				late++
			}
		}
		c.True(late*20 <= len(c.asked)) // by its deadline: 95 of 100
		c.Equal(c.problems(c.files, slack), nil)
	})
}

func (c *crew) signal(s syscall.Signal) {
	for _, w := range c.workers {
		c.NoErr(w.cmd.Process.Signal(s))
	}
}

// TestTimedWorkersOutage: all workers are killed, and come back after a while. The first call is answered soon after that.
func TestTimedWorkersOutage(t *testing.T) {
	t.Parallel()
	namedAndPlain(t, func(c *crew) {
		worst := timed.Stalls()
		for _, w := range c.workers {
			w.kill()
		}
		if full {
			<-time.After(30 * time.Second)
		} else {
			<-time.After(2 * time.Second)
		}
		for i := range c.workers {
			c.start(i)
		}
		eventually(c.t, "a worker serves", func() bool { return c.workers[0].stdout.String() != "" })
		back := time.Now()
		c.call(false, 0)
		took := time.Since(back)
		c.t.Logf("the first good call %v after the return", took)
		if c.plain {
			took -= time.Second // it does not say hello
		}
		c.True(took <= faultBack+worst())
		c.Equal(c.failures(), nil)
	})
}
