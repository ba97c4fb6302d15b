package service

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"
)

// TestWorkContext: it does what context.WithDeadline does, whatever is asked for first.
func TestWorkContext(t *testing.T) {
	t.Parallel()
	ends := []struct {
		name string
		how  func(c *workContext, stopServer func())
		want error
	}{
		{"deadline", func(*workContext, func()) { time.Sleep(2 * time.Second) }, context.DeadlineExceeded},
		{"canceled", func(c *workContext, _ func()) { c.end(context.Canceled) }, context.Canceled},
		{"server", func(_ *workContext, stop func()) { stop() }, context.Canceled},
	}
	for _, e := range ends {
		for _, early := range []bool{false, true} { // whether Done was asked for before the end
			t.Run(e.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					is := is.New(t)
					server, stop := context.WithCancel(context.Background())
					defer stop()
					c := &workContext{owner: server, deadline: time.Now().Add(time.Second)}
					at, ok := c.Deadline()
					is.True(ok && at.Equal(c.deadline))
					is.NoErr(c.Err())
					called := 0
					var child context.Context = context.Background()
					if early {
						var cancel context.CancelFunc
						child, cancel = context.WithCancel(c)
						defer cancel()
						context.AfterFunc(c, func() { called++ })
						is.True(context.AfterFunc(c, func() { called += 100 })()) // stopped in time
						select {
						case <-c.Done():
							t.Error("too early")
						default:
						}
					}
					e.how(c, stop)
					synctest.Wait()
					is.True(errors.Is(c.Err(), e.want))
					<-c.Done()
					c.end(errors.New("a second end"))
					is.True(errors.Is(c.Err(), e.want)) // the first counts
					if early {
						is.True(errors.Is(child.Err(), e.want)) // a context made of it ends, too
						is.Equal(called, 1)
					}
					context.AfterFunc(c, func() { called += 10 })
					synctest.Wait()
					is.True(called >= 10) // after the end it is called at once
				})
			})
		}
	}
}

// TestDoneOfWhatHasEnded: the channel is closed when it is first asked for, and a context made of it has ended, too, though
// nobody has asked for Err and no timer was started.
func TestDoneOfWhatHasEnded(t *testing.T) {
	t.Parallel()
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	for name, c := range map[string]struct {
		owner context.Context
		left  time.Duration
		want  error
	}{
		"deadline": {context.Background(), -time.Second, context.DeadlineExceeded},
		"owner":    {ended, time.Hour, context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			fresh := func() *workContext { return &workContext{owner: c.owner, deadline: time.Now().Add(c.left)} }
			select {
			case <-fresh().Done():
			default:
				t.Error("Done is open")
			}
			child, stop := context.WithCancel(fresh())
			defer stop()
			is.True(errors.Is(child.Err(), c.want))
			called := make(chan struct{})
			is.True(!context.AfterFunc(fresh(), func() { close(called) })()) // too late to stop it
			<-called
		})
	}
}
