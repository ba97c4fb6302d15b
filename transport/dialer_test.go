package transport

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"
)

func TestBackoff(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	for range 200 {
		b := backoff{}
		for _, top := range []time.Duration{50, 100, 200, 400, 800, 1500, 1500, 1500} {
			top *= time.Millisecond
			wait := b.next()
			is.True(wait >= top/2 && wait <= top) // jittered to 0.5-1.0 of the doubled wait
		}
		for range 100 {
			wait := b.next()
			is.True(wait >= redialMax/2 && wait <= redialMax) // for ever
		}
		b.reset()
		is.True(b.next() <= redialMin) // and anew
	}
}

// TestDialWithoutBinder: dials go on for ever, and one of them says in the log what it waits for.
func TestDialWithoutBinder(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, is *is.I) {
		n := newNode(Instance, false)
		n.dial(t, newInproc(t))
		time.Sleep(waitingAfter - time.Millisecond)
		is.Equal(n.count(Waiting, nil), 0) // not yet
		time.Sleep(redialMax + time.Millisecond)
		is.Equal(n.count(Waiting, nil), 1) // now
		time.Sleep(time.Minute)
		synctest.Wait()
		is.Equal(n.count(Waiting, nil), 1)        // once
		is.True(n.count(Retrying, nil) >= 60/1.5) // while it goes on
		is.True(n.count(Retrying, nil) <= 60/0.75+20)
		is.Equal(n.count(HandshakeFailed, nil), 0) // there was nobody to shake hands with
	})
}

// TestBackoffAfterAPeer: a peer that lived begins the waits anew, one that did not makes them longer.
func TestBackoffAfterAPeer(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, is *is.I) {
		binder, dialler := newNode(App, false), newNode(Instance, false)
		addr := newInproc(t)
		binder.listen(t, addr)
		dialler.dial(t, addr)
		again := func(live time.Duration) (wait time.Duration) {
			dialled := dialler.peer(t)
			bound := binder.peer(t)
			time.Sleep(live)
			bound.peer.Abort(nil)
			<-dialled.end
			start := time.Now()
			next := dialler.peer(t)
			dialler.peers <- next
			return time.Since(start)
		}
		for range 10 {
			again(0)
		}
		is.True(again(0) >= redialMax/2)         // a binder that cuts at once is not hammered
		is.True(again(stableAfter) <= redialMin) // a good life is forgiven
		is.True(again(0) <= 2*redialMin)
	})
}

func TestWaitNotice(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, is *is.I) {
		w := waitNotice{since: time.Now()}
		is.True(!w.due()) // at the beginning
		time.Sleep(waitingAfter)
		is.True(w.due())  // after a while
		is.True(!w.due()) // once
		time.Sleep(time.Hour)
		is.True(!w.due()) // in each spell
	})
}
