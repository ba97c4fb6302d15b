package transporttest

import (
	"bytes"
	"errors"
	"io"
	"net"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"
)

// wrapped is a pipe in memory with faults at one end. Its writes wait for reads.
func wrapped(t *testing.T, c *Chaos) (broken, plain net.Conn) {
	a, b := net.Pipe()
	broken = c.Wrap(a)
	t.Cleanup(func() { broken.Close(); b.Close() })
	return broken, b
}

// socket is a connection over a socket, with faults at one end.
func socket(t *testing.T, c *Chaos, network string) (broken, plain net.Conn) {
	t.Helper()
	is := is.New(t)
	at := "127.0.0.1:0"
	if network == "unix" {
		at = t.TempDir() + "/s"
	}
	ln, err := net.Listen(network, at)
	is.NoErr(err)
	defer ln.Close()
	near, err := net.Dial(network, ln.Addr().String())
	is.NoErr(err)
	far, err := ln.Accept()
	is.NoErr(err)
	broken = c.Wrap(near)
	t.Cleanup(func() { broken.Close(); far.Close() })
	return broken, far
}

// reads collects all that comes until the end of a connection.
func reads(c net.Conn) <-chan []byte {
	all := make(chan []byte, 1)
	go func() {
		b, _ := io.ReadAll(c)
		all <- b
	}()
	return all
}

// inBubble runs a test where the clock costs nothing.
func inBubble(t *testing.T, test func(t *testing.T, is *is.I, c *Chaos)) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { test(t, is.New(t), NewChaos(7)) })
}

// TestChaosCalm: without faults a wrapped connection is a connection.
func TestChaosCalm(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"unix", "tcp"} {
		t.Run(network, func(t *testing.T) {
			is := is.New(t)
			broken, plain := socket(t, NewChaos(1), network)
			want := pattern(3<<20, 1)
			for _, way := range []struct{ from, to net.Conn }{{broken, plain}, {plain, broken}} {
				go way.from.Write(want)
				got := make([]byte, len(want))
				_, err := io.ReadFull(way.to, got)
				is.NoErr(err)
				is.True(bytes.Equal(got, want)) // all of it
			}
			is.Equal(broken.RemoteAddr().Network(), network)
			n, err := broken.Read(nil)
			is.NoErr(err)
			is.Equal(n, 0)
			_, err = broken.Write(nil)
			is.NoErr(err)
			plain.Close()
			_, err = broken.Read(make([]byte, 1))
			is.True(errors.Is(err, io.EOF))
		})
	}
}

func TestChaosLatency(t *testing.T) {
	inBubble(t, func(t *testing.T, is *is.I, c *Chaos) {
		c.Set(Faults{Latency: time.Second, Jitter: time.Second})
		broken, plain := wrapped(t, c)
		var took []time.Duration
		for range 20 {
			go plain.Write([]byte("to be read"))
			began := time.Now()
			n, err := broken.Read(make([]byte, 64))
			is.NoErr(err)
			is.Equal(n, 10)
			took = append(took, time.Since(began))

			go plain.Read(make([]byte, 64))
			began = time.Now()
			_, err = broken.Write([]byte("written"))
			is.NoErr(err)
			took = append(took, time.Since(began))
		}
		is.True(slices.Min(took) >= time.Second)   // the latency
		is.True(slices.Max(took) <= 2*time.Second) // and no more than the jitter
		is.True(len(slices.Compact(took)) > 30)    // which differs
		is.Equal(c.Count(Delay), 40)
	})
}

func TestChaosTrickle(t *testing.T) {
	inBubble(t, func(t *testing.T, is *is.I, c *Chaos) {
		const rate, size = 500, 2000
		c.Set(Faults{BytesPerSecond: rate})
		broken, plain := wrapped(t, c)
		want := pattern(size, 1)
		for _, way := range []struct{ from, to net.Conn }{{broken, plain}, {plain, broken}} {
			began := time.Now()
			go way.from.Write(want)
			got := make([]byte, size)
			_, err := io.ReadFull(way.to, got)
			is.NoErr(err)
			is.True(bytes.Equal(got, want)) // all of it, as it was
			took := time.Since(began).Round(100 * time.Millisecond)
			is.Equal(took, size*time.Second/rate) // at its pace
			synctest.Wait()
		}
		go func() {
			<-time.After(time.Second)
			c.Heal()
		}()
		began := time.Now()
		go broken.Write(make([]byte, 1<<20))
		_, err := io.ReadFull(plain, make([]byte, 1<<20))
		is.NoErr(err)
		is.Equal(time.Since(began), time.Second) // healed, it flows
	})
}

// sizes notes how large the operations are that reach a connection.
type sizes struct {
	net.Conn
	all []int
}

func (s *sizes) Write(p []byte) (int, error) {
	s.all = append(s.all, len(p))
	return s.Conn.Write(p)
}

func (s *sizes) Read(p []byte) (int, error) {
	s.all = append(s.all, len(p))
	return s.Conn.Read(p)
}

func TestChaosOneByte(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	c := NewChaos(1)
	c.Set(Faults{OneByte: true})
	a, b := net.Pipe()
	log := &sizes{Conn: a}
	broken := c.Wrap(log)
	go func() {
		broken.Write([]byte("one by one"))
		broken.Close()
	}()
	got, err := io.ReadAll(b)
	is.NoErr(err)
	is.Equal(string(got), "one by one")
	is.Equal(log.all, slices.Repeat([]int{1}, 10)) // ten writes of one byte

	a, b = net.Pipe()
	log = &sizes{Conn: a}
	broken = c.Wrap(log)
	go func() {
		b.Write([]byte("by one"))
		b.Close()
	}()
	got, err = io.ReadAll(broken)
	is.NoErr(err)
	is.Equal(string(got), "by one")
	is.Equal(slices.Max(log.all), 1) // no read of more
}
