package service

import (
	"errors"
	"testing"

	"github.com/matryer/is"
)

func anyCall(*call) bool { return true }

func TestWaitListOrder(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var l waitList
	var all []*waiter
	for n := range 6 {
		w, err := l.add(&call{sent: n%2 == 1, size: 10})
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
		_, err := l.add(&call{})
		is.NoErr(err)
	}
	_, err := l.add(&call{sent: true})
	is.True(errors.Is(err, ErrRejected)) // in number, both kinds together
	l.next(anyCall)
	_, err = l.add(&call{sent: true})
	is.NoErr(err)

	var b waitList
	_, err = b.add(&call{size: 2 * MaxWaitingBytes})
	is.NoErr(err) // a single one always fits
	_, err = b.add(&call{size: 1})
	is.True(errors.Is(err, ErrRejected)) // in bytes
	b.next(anyCall)
	_, err = b.add(&call{size: MaxWaitingBytes})
	is.NoErr(err)
}
