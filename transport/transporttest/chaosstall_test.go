package transporttest

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"
)

// TestChaosBlackHole: nothing passes, and nothing is lost.
func TestChaosBlackHole(t *testing.T) {
	inBubble(t, func(t *testing.T, is *is.I, c *Chaos) {
		broken, plain := wrapped(t, c)
		buf := make([]byte, 64)
		read := make(chan string, 1)
		look := func(from net.Conn) {
			n, _ := from.Read(buf)
			read <- string(buf[:n])
		}
		began := time.Now()
		go look(broken) // it waits below when the hole opens
		synctest.Wait()
		c.Set(Faults{BlackHole: true})
		go plain.Write([]byte("inwards"))
		heal := func() {
			<-time.After(time.Minute)
			synctest.Wait()
			is.Equal(len(read), 0) // not even now
			c.Heal()
		}
		go heal()
		is.Equal(<-read, "inwards")
		is.Equal(time.Since(began), time.Minute)

		c.Set(Faults{BlackHole: true})
		began = time.Now()
		go look(plain)
		go heal()
		n, err := broken.Write([]byte("outwards"))
		is.NoErr(err)
		is.Equal(n, 8)
		is.Equal(<-read, "outwards")
		is.Equal(time.Since(began), time.Minute)

		c.Set(Faults{BlackHole: true})
		began = time.Now()
		plain.Close()
		go heal()
		_, err = broken.Read(buf)
		is.True(errors.Is(err, io.EOF)) // the end of the other side waits, too
		is.Equal(time.Since(began), time.Minute)
	})
}

// stalling are the faults under which an operation waits.
var stalling = map[string]Faults{
	"latency":    {Latency: time.Hour},
	"trickle":    {BytesPerSecond: 1},
	"black hole": {BlackHole: true},
	"none":       {},
}

func TestChaosDeadlines(t *testing.T) {
	t.Parallel()
	for name, faults := range stalling {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, is *is.I, c *Chaos) {
				c.Set(faults)
				broken, plain := wrapped(t, c)
				all := make([]byte, 4096)
				ended := func(n int, err error, began time.Time) {
					is.Helper()
					is.True(n < len(all))
					is.True(errors.Is(err, os.ErrDeadlineExceeded)) // it is told so
					var timeout net.Error
					is.True(errors.As(err, &timeout) && timeout.Timeout()) // as package net does
					is.Equal(time.Since(began), time.Second)               // in time
				}
				began := time.Now()
				is.NoErr(broken.SetReadDeadline(began.Add(time.Second)))
				n, err := broken.Read(all) // of nothing
				ended(n, err, began)

				began = time.Now()
				is.NoErr(broken.SetDeadline(began.Add(time.Hour)))
				go func() {
					<-time.After(time.Second / 2)
					broken.SetWriteDeadline(began.Add(time.Second)) // earlier than at first
				}()
				n, err = broken.Write(all)
				ended(n, err, began)
				_, err = broken.Write(all)
				is.True(errors.Is(err, os.ErrDeadlineExceeded)) // it stays passed

				c.Set(faults)
				go plain.Write([]byte("word"))
				is.NoErr(broken.SetReadDeadline(time.Now().Add(time.Second)))
				n, err = broken.Read(all)
				c.Heal()
				if err == nil { // what comes at once and alone needs no wait
					is.Equal(string(all[:n]), "word")
					return
				}
				is.True(errors.Is(err, os.ErrDeadlineExceeded))
				is.NoErr(broken.SetDeadline(time.Time{}))
				n, err = io.ReadFull(broken, all[:4])
				is.NoErr(err)
				is.Equal(string(all[:n]), "word") // a deadline loses nothing of what had come
			})
		})
	}
}

func TestChaosCloseEndsWaits(t *testing.T) {
	t.Parallel()
	for name, faults := range stalling {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, is *is.I, c *Chaos) {
				c.Set(faults)
				broken, plain := wrapped(t, c)
				ends := make(chan error, 2)
				go func() {
					_, err := io.Copy(io.Discard, broken)
					ends <- err
				}()
				go func() {
					_, err := broken.Write(make([]byte, 4096))
					ends <- err
				}()
				go plain.Write([]byte("there is something to read"))
				<-time.After(time.Second)
				is.NoErr(broken.Close())
				for range 2 {
					err := <-ends
					is.True(errors.Is(err, net.ErrClosed) || errors.Is(err, io.ErrClosedPipe)) // both are told
				}
				is.NoErr(broken.Close()) // twice is once
			})
		})
	}
}
