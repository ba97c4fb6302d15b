package service

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"
)

func anyCall(*call) bool { return true }

func TestWaitListOrder(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var l waitList
	var all []*waiter
	for n := range 6 {
		w, err := l.add(&call{sent: n%2 == 1, size: 10}, true)
		is.NoErr(err)
		all = append(all, w)
	}
	is.Equal(l.bytes, int64(60))
	is.True(l.remove(all[0]))
	is.True(!l.remove(all[0])) // once
	is.Equal(l.next(anyCall), all[1])
	is.Equal(l.next(func(c *call) bool { return !c.sent }), all[2]) // a Send that must wait holds up no call
	is.Equal(l.next(anyCall), all[3])                               // the longest wait first
	is.Equal(l.next(func(*call) bool { return false }), nil)
	is.Equal(l.next(anyCall), all[4])
	is.Equal(l.next(anyCall), all[5])
	is.Equal(l.next(anyCall), nil)
	is.True(!l.remove(all[5])) // it was served
	is.Equal(l.bytes, int64(0))
}

func TestWaitListBounds(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var l waitList
	for range MaxWaiting {
		_, err := l.add(&call{}, true)
		is.NoErr(err)
	}
	_, err := l.add(&call{sent: true}, true)
	is.True(errors.Is(err, ErrRejected)) // in number, both kinds together
	l.next(anyCall)
	_, err = l.add(&call{sent: true}, true)
	is.NoErr(err)

	var b waitList
	_, err = b.add(&call{size: 2 * MaxWaitingBytes}, true)
	is.NoErr(err) // a single one always fits
	_, err = b.add(&call{size: 1}, true)
	is.True(errors.Is(err, ErrRejected)) // in bytes
	b.next(anyCall)
	_, err = b.add(&call{size: MaxWaitingBytes}, true)
	is.NoErr(err)
}

// TestWaitListTrim: when a line slows down, those at its end hear at once that they would wait too long.
func TestWaitListTrim(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		var l waitList
		add := func(n int) {
			for range n {
				_, err := l.add(&call{}, true)
				is.NoErr(err)
			}
		}
		add(100)
		for range 40 { // in 40 ms
			time.Sleep(time.Millisecond)
			l.next(anyCall)
		}
		is.Equal(len(l.trim(anyCall)), 35) // 25 ms it may take
		is.True(l.hopeless(&call{}))       // a newcomer is better off elsewhere
		time.Sleep(windowWait)
		is.Equal(len(l.trim(func(*call) bool { return false })), 0) // it is not room that they wait for
		last := l.sync.Back().Value.(*waiter)
		out := l.trim(anyCall)
		is.Equal(l.sync.Len(), paceFree)
		is.Equal(out[0], last) // who came last has lost least
		l.capacityChanged()
		add(100)
		is.Equal(len(l.trim(anyCall)), 0) // nobody knows how fast it moves now
		is.True(!l.hopeless(&call{}))
	})
}

// TestWaitListLarge: calls with large bodies wait longer, take turns with others, and leave memory for their line.
func TestWaitListLarge(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		var l waitList
		served := map[*call]int{}
		small, large := &call{size: 256}, &call{size: 1 << 20}
		for range 1000 { // 40 large ones all the time, two others every millisecond, in which one is served
			for l.large.Len() < 40 {
				is.True(!l.hopeless(large))
				_, err := l.add(large, true)
				is.NoErr(err)
			}
			for range 2 {
				if !l.hopeless(small) {
					_, err := l.add(small, true)
					is.NoErr(err)
				}
			}
			time.Sleep(time.Millisecond)
			served[l.next(anyCall).call]++
			l.trim(anyCall)
			is.True(l.large.Len() >= 39)
		}
		is.True(l.sync.Len() <= 2*paceFree)
		is.True(served[small] >= 490 && served[large] >= 490) // they take turns

		for range (maxLargeBytes - l.large.bytes) >> 20 {
			_, err := l.add(large, true)
			is.NoErr(err)
		}
		_, err := l.add(large, true)
		is.True(errors.Is(err, ErrRejected)) // no more of these
		_, err = l.add(small, false)
		is.NoErr(err) // others still wait
	})
}

// TestWaitListBurst: a line that stands until the first handlers are over is no slow one, and those who wait for an instance
// have more patience than those who wait for room.
func TestWaitListBurst(t *testing.T) {
	t.Parallel()
	for _, remembers := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			is := is.New(t)
			var l waitList
			serve := func(n int) {
				for range n {
					time.Sleep(10 * time.Microsecond)
					is.True(l.next(anyCall) != nil)
					is.Equal(len(l.trim(anyCall)), 0) // none is refused
				}
			}
			if remembers {
				l.sync.pace = pace{rate: 10_000, last: time.Now()}
			}
			for range 100 {
				_, err := l.add(&call{}, true)
				is.NoErr(err)
			}
			time.Sleep(60 * time.Millisecond)
			is.True(!l.hopeless(&call{}))
			serve(100)

			for range 600 {
				_, err := l.add(&call{}, false)
				is.NoErr(err)
			}
			serve(256) // an instance comes
			time.Sleep(60 * time.Millisecond)
			serve(256)
			time.Sleep(60 * time.Millisecond)
			serve(600 - 512)
		})
	}
}
