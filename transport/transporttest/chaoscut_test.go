package transporttest

import (
	"bytes"
	"errors"
	"io"
	"math/bits"
	"net"
	"syscall"
	"testing"

	"github.com/matryer/is"
)

func TestChaosReset(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"unix", "tcp"} {
		t.Run(network, func(t *testing.T) {
			is := is.New(t)
			c := NewChaos(3)
			broken, plain := socket(t, c, network)
			_, err := broken.Write([]byte("before"))
			is.NoErr(err)
			_, err = io.ReadFull(plain, make([]byte, 6))
			is.NoErr(err)
			local := make(chan error, 1)
			go func() {
				_, err := broken.Read(make([]byte, 1))
				local <- err
			}()
			c.Set(Faults{Reset: 1})
			n, err := broken.Write(pattern(1000, 1))
			is.True(errors.Is(err, syscall.ECONNRESET)) // the writer is told
			is.True(n < 1000)                           // and that not all has left
			is.True(errors.Is(<-local, syscall.ECONNRESET))
			got, err := io.ReadAll(plain)
			if network == "tcp" {
				is.True(errors.Is(err, syscall.ECONNRESET)) // so is the other side
			} else {
				is.NoErr(err)
				is.True(bytes.Equal(got, pattern(1000, 1)[:n])) // which has exactly what left
			}
			_, err = broken.Write([]byte("after"))
			is.True(errors.Is(err, syscall.ECONNRESET)) // for good
			is.Equal(c.Hits(), []Hit{{Conn: 0, Way: Writing, Op: 1, Kind: Reset, N: int64(n)}})
		})
	}
}

func TestChaosResetAfter(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	c := NewChaos(3)
	broken, plain := socket(t, c, "unix")
	_, err := broken.Write(make([]byte, 100)) // these do not count
	is.NoErr(err)
	c.Set(Faults{ResetAfter: 250})
	for i, want := range []int{100, 100, 50} {
		n, err := broken.Write(make([]byte, 100))
		is.Equal(n, want)                                    // until there are 250
		is.Equal(errors.Is(err, syscall.ECONNRESET), i == 2) // then it is cut
	}
	is.Equal(c.Count(Reset), 1)
	is.Equal(len(<-reads(plain)), 350) // no more, no less
}

// TestChaosHalfClose: the other side reads the end after all that was written, and can go on writing.
func TestChaosHalfClose(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"unix", "tcp"} {
		t.Run(network, func(t *testing.T) {
			is := is.New(t)
			c := NewChaos(4)
			broken, plain := socket(t, c, network)
			_, err := broken.Write([]byte("before"))
			is.NoErr(err)
			c.Set(Faults{HalfClose: 1})
			_, err = broken.Write([]byte("lost"))
			is.True(errors.Is(err, syscall.EPIPE)) // the writer is told
			is.Equal(string(<-reads(plain)), "before")
			c.Heal()
			_, err = broken.Write([]byte("lost"))
			is.True(errors.Is(err, syscall.EPIPE)) // for good
			_, err = plain.Write([]byte("the way back"))
			is.NoErr(err)
			plain.Close()
			back, err := io.ReadAll(broken)
			is.NoErr(err)
			is.Equal(string(back), "the way back")
			is.Equal(c.Count(HalfClose), 1)
		})
	}
	t.Run("by its owner", func(t *testing.T) {
		is := is.New(t)
		broken, plain := socket(t, NewChaos(4), "unix")
		is.NoErr(broken.(interface{ CloseWrite() error }).CloseWrite())
		is.Equal(len(<-reads(plain)), 0) // it passes through
		pipe, _ := wrapped(t, NewChaos(4))
		is.True(errors.Is(pipe.(interface{ CloseWrite() error }).CloseWrite(), errors.ErrUnsupported)) // where it can
	})
}

func TestChaosBitFlip(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	c := NewChaos(5)
	c.Set(Faults{BitFlip: 1})
	broken, plain := socket(t, c, "unix")
	wrong := func(a, b []byte) (n int) {
		for i := range a {
			n += bits.OnesCount8(a[i] ^ b[i])
		}
		return n
	}
	places := map[int64]bool{}
	for i := range 20 {
		sent, got := pattern(100, i), make([]byte, 100)
		_, err := broken.Write(sent)
		is.NoErr(err)
		is.True(bytes.Equal(sent, pattern(100, i))) // the caller's bytes stay as they are
		_, err = io.ReadFull(plain, got)
		is.NoErr(err)
		is.Equal(wrong(sent, got), 1) // one bit

		_, err = plain.Write(sent)
		is.NoErr(err)
		n, err := broken.Read(got)
		is.NoErr(err)
		is.Equal(wrong(sent[:n], got[:n]), 1) // on the way back, too
	}
	for _, h := range c.Hits() {
		places[h.N] = true
	}
	is.Equal(c.Count(BitFlip), 40)
	is.True(len(places) > 30) // not always the same
}

// TestChaosTryWrite: what does not wait goes through the faults like all else.
func TestChaosTryWrite(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	c := NewChaos(6)
	broken, plain := socket(t, c, "unix")
	try := broken.(interface{ TryWrite([]byte) (int, error) })
	n, err := try.TryWrite([]byte("word"))
	is.NoErr(err)
	is.Equal(n, 4) // at once
	for name, f := range map[string]Faults{
		"latency": {Latency: 1}, "jitter": {Jitter: 1}, "trickle": {BytesPerSecond: 1}, "black hole": {BlackHole: true},
		"reset": {Reset: 1}, "reset after": {ResetAfter: 1}, "half-close": {HalfClose: 1}, "bit flip": {BitFlip: 1},
	} {
		t.Run(name, func(t *testing.T) {
			is := is.New(t)
			c.Set(f)
			n, err := try.TryWrite([]byte("word"))
			is.NoErr(err)
			is.Equal(n, 0) // left to Write, which may wait
		})
	}
	c.Set(Faults{OneByte: true})
	n, err = try.TryWrite([]byte("word"))
	is.NoErr(err)
	is.Equal(n, 1) // a part
	c.Heal()
	for total := 5; ; total += n {
		n, err = try.TryWrite(make([]byte, 64<<10))
		is.NoErr(err)
		if n == 0 { // the socket is full
			broken.Close()
			is.Equal(len(<-reads(plain)), total) // what was taken has left
			break
		}
	}
	_, err = try.TryWrite([]byte("late"))
	is.True(errors.Is(err, net.ErrClosed))
	pipe, _ := wrapped(t, c)
	n, err = pipe.(interface{ TryWrite([]byte) (int, error) }).TryWrite([]byte("word"))
	is.NoErr(err)
	is.Equal(n, 0) // a connection that cannot
}
