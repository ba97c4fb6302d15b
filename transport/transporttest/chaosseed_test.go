package transporttest

import (
	"bytes"
	"fmt"
	"net"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"
)

// script plays the same scene for every kind of fault: both ends of a connection are wrapped, one writes, the
// other reads. It tells what was met, and what came.
func script(t *testing.T, seed uint64) (hits []Hit, came []byte) {
	synctest.Test(t, func(t *testing.T) {
		c := NewChaos(seed)
		for _, f := range []Faults{
			{Latency: time.Millisecond, Jitter: time.Second}, {BytesPerSecond: 1000}, {OneByte: true}, {BlackHole: true},
			{Reset: 0.1}, {ResetAfter: 777}, {HalfClose: 0.1}, {BitFlip: 0.3},
			{Latency: time.Millisecond, OneByte: true, Reset: 0.05, BitFlip: 0.5},
		} {
			a, b := net.Pipe()
			from, to := c.Wrap(a), c.Wrap(b)
			all := reads(to)
			for i := range 20 {
				synctest.Wait() // the reader waits below, not for the end of the faults before
				c.Set(f)
				written := make(chan error, 1)
				go func() {
					_, err := from.Write(pattern(50+i, i))
					written <- err
				}()
				if f.BlackHole {
					synctest.Wait()
					c.Heal()
				}
				if <-written != nil {
					break
				}
			}
			from.Close()
			came = append(came, <-all...)
			to.Close()
		}
		hits = c.Hits()
	})
	return hits, came
}

// TestChaosIsSeeded: the same seed gives the same faults, another one others.
func TestChaosIsSeeded(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	hits, came := script(t, 42)
	for range 3 {
		again, cameAgain := script(t, 42)
		is.True(slices.Equal(again, hits))    // the same faults
		is.True(bytes.Equal(cameAgain, came)) // to the same effect
	}
	for k := range kinds {
		is.True(slices.ContainsFunc(hits, func(h Hit) bool { return h.Kind == Kind(k) })) // each kind was met
	}
	other, cameOther := script(t, 43)
	is.True(!slices.Equal(other, hits))    // other faults
	is.True(!bytes.Equal(cameOther, came)) // to another effect
	is.Equal(NewChaos(42).Seed(), uint64(42))
	is.Equal(fmt.Sprint(Hit{3, Writing, 17, BitFlip, 231}), "connection 3, write 17: bit flip 231")
}
