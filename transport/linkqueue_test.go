package transport

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"
)

// loneLink is a PUSH end without a peer: what it writes comes out at the other end of a pipe. It is not started.
func loneLink(cfg Config) (l *link, far *pipeConn, start func()) {
	cfg.Heartbeat = -1
	cfg = cfg.withDefaults()
	ctx, cancel := context.WithCancel(context.Background())
	near, far := newPipe()
	l = newLink(ctx, cancel, newFrameConn(ctx, near), endpointRole{}, "", cfg)
	return l, far, func() { l.start(cfg, nil) }
}

// fill sends until the queue is full.
func fill(l *link, size int) (sent int) {
	for {
		synctest.Wait() // the goroutine has written what it can
		if _, err := l.w.send([][]byte{make([]byte, size)}, sendNow); errors.Is(err, ErrQueueFull) {
			return sent
		}
		sent++
	}
}

// TestWhatIsWrittenMakesRoom: little by little, not when all is written that was queued once.
func TestWhatIsWrittenMakesRoom(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		cfg  Config
		size int
	}{"bytes": {Config{QueueBytes: 2 << 20}, 32 << 10}, "messages": {Config{QueueMessages: 64}, 32 << 10}} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, is *is.I) {
				l, far, start := loneLink(c.cfg)
				start()
				defer func() { l.fail(ErrClosed); <-l.done }()
				sent := fill(l, c.size)
				for range 10 {
					_, err := io.ReadFull(far, make([]byte, 8*c.size))
					is.NoErr(err)
					again := fill(l, c.size)
					is.True(again >= 4) // about as many as were read
					sent += again
				}
				go io.Copy(io.Discard, far)
				synctest.Wait()
				is.Equal(l.w.written, int64(sent*(longHdr+c.size)))
				is.Equal(l.w.ahead, 0) // nothing counts any more
				is.Equal(l.w.aheadN, 0)
				is.Equal(l.w.reserved, int64(0))
			})
		})
	}
}

// TestQueueKeepsOrder: whole frames of all sizes, and PINGs between them, whoever writes them.
func TestQueueKeepsOrder(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, is *is.I) {
		l, far, start := loneLink(Config{})
		start()
		defer func() { l.fail(ErrClosed); <-l.done }()
		words := noise(300 << 10)
		sizes := []int{1, 100, 3000, 5000, 70000, 200, 60000, 60000, 200000, 10, 300 << 10}
		const rounds = 20
		go func() {
			for i := range rounds {
				time.Sleep(time.Duration(i%3) * time.Millisecond) // some find the link idle
				for _, size := range sizes {
					l.w.send([][]byte{words[:size]}, sendTime(size%2))
				}
				l.w.ping()
			}
		}()
		pings := 0
		for range rounds {
			for _, size := range sizes {
				flags, body, err := rawRead(far)
				for ; flags&flagCommand != 0; flags, body, err = rawRead(far) {
					pings++
				}
				is.NoErr(err)
				is.True(bytes.Equal(body, words[:size]))
			}
		}
		synctest.Wait()
		is.True(pings > 0)
		is.Equal(l.w.written, l.w.appended)
		is.Equal(l.w.ahead, 0)
	})
}

// TestLaterMessageOfTheLast: a sender leaves its message to one that waits for the lock; that one may not put it off.
func TestLaterMessageOfTheLast(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	l, far, _ := loneLink(Config{})
	defer l.discard(ErrClosed)
	frame := []byte("word")
	for range 2 { // the second time tells that what is over is forgotten
		l.w.waiting.Add(1) // another waits
		l.w.send([][]byte{frame}, sendNow)
		is.Equal(len(far.in.buf), 0) // so it is left to that one
		l.w.waiting.Add(-1)
		l.w.send([][]byte{frame}, sendLater)
		is.Equal(len(far.in.buf), 2*(shortHdr+len(frame))) // which writes both
		far.in.buf = nil
		l.w.send([][]byte{frame}, sendLater)
		is.Equal(len(far.in.buf), 0) // on its own it would be put off
		l.w.writeLater()
		far.in.buf = nil
	}
}

// TestEndGivesBack: a link that ends holds no memory any more, nor does one that was never started.
func TestEndGivesBack(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(l *link, start func()){
		"never started": func(l *link, _ func()) { l.discard(ErrClosed) },
		"started":       func(l *link, start func()) { start(); l.fail(ErrClosed); <-l.done },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			l, _, start := loneLink(Config{})
			for range 3 {
				_, err := l.w.send([][]byte{make([]byte, 300<<10)}, sendNow)
				is.NoErr(err)
			}
			is.True(l.w.reserved > 0) // more than is free
			room := l.w.waitRoom()
			end(l, start)
			is.Equal(l.w.reserved, int64(0)) // what it had of the budget
			is.Equal(cap(l.fc.out), 0)       // and the buffers
			is.Equal(len(l.w.line), 0)
			<-room // nobody waits for ever
			_, err := l.w.send([][]byte{[]byte("word")}, sendNow)
			is.True(errors.Is(err, ErrClosed))
		})
	}
}

// TestDrainKeepsTheLargerBuffer: neither a PING nor a peer that was slow once costs a link the buffer that it needs.
func TestDrainKeepsTheLargerBuffer(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, is *is.I) {
		l, far, start := loneLink(Config{})
		start()
		defer func() { l.fail(ErrClosed); <-l.done }()
		go io.Copy(io.Discard, far)
		l.w.send([][]byte{make([]byte, 40<<10)}, sendNow)
		synctest.Wait()
		kept := cap(l.fc.out)
		is.True(kept >= 40<<10)
		l.w.ping()
		synctest.Wait()
		is.Equal(cap(l.fc.out), kept)
		for range 2 {
			l.w.send([][]byte{make([]byte, 100<<10)}, sendNow) // more than the pipe takes
			synctest.Wait()
			is.Equal(cap(l.fc.out), keptBuffer)
		}
		l.w.send([][]byte{make([]byte, 1<<20)}, sendNow)
		synctest.Wait()
		is.True(cap(l.fc.out) <= keptBuffer) // a large one is not kept
	})
}

func TestTTL(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	is.Equal(ttl(DefaultDead), uint16(30))
	is.Equal(ttl(time.Millisecond), uint16(1)) // none would mean that it never ends
	is.Equal(ttl(3*time.Hour), uint16(65535))  // as much as can be said
}
