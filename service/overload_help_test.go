package service_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"quartet/handler"
	"quartet/service"
)

// tally is what calls came to, and how long that took. It is safe for concurrent use.
type tally struct {
	mu       sync.Mutex
	accepted times
	refused  times
	wrong    []error // other ends than these two
}

func (l *tally) call(c service.Caller) {
	began := time.Now()
	reply, err := c.Call(context.Background(), svc, &handler.Request{Path: "/"})
	if err == nil {
		err = reply.AsError()
	}
	took := time.Since(began)
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err == nil:
		l.accepted = append(l.accepted, took)
	case errors.Is(err, service.ErrRejected):
		l.refused = append(l.refused, took)
	default:
		l.wrong = append(l.wrong, err)
	}
}

// closedLoop keeps so many callers busy for a while, each with one call after the other.
func closedLoop(clients []*service.Client, callers int, d time.Duration) *tally {
	var l tally
	var wait sync.WaitGroup
	for end, n := time.Now().Add(d), 0; n < callers; n++ {
		wait.Go(func() {
			for time.Now().Before(end) {
				l.call(clients[n%len(clients)])
			}
		})
	}
	wait.Wait()
	return &l
}

// openLoop makes so many calls in a second for a while, whether answers come or not.
func openLoop(clients []*service.Client, rate float64, d time.Duration) *tally {
	var l tally
	var wait sync.WaitGroup
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for began, made := time.Now(), 0; time.Since(began) < d; <-tick.C {
		for due := int(rate * time.Since(began).Seconds()); made < due; made++ {
			c := clients[made%len(clients)]
			wait.Go(func() { l.call(c) })
		}
	}
	wait.Wait()
	return &l
}

type times []time.Duration

// at is the time within which such a part of them lies.
func (t times) at(part float64) time.Duration {
	if len(t) == 0 {
		return 0
	}
	slices.Sort(t)
	return t[min(int(part*float64(len(t))), len(t)-1)]
}

func (t times) String() string {
	return fmt.Sprintf("p50 %v, p95 %v, p99 %v, worst %v", t.at(0.5), t.at(0.95), t.at(0.99), t.at(1))
}

// residentSet is what this process has in memory, in bytes; 0 where the system does not tell.
func residentSet(t testing.TB) int {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.Atoi(strings.Fields(rest)[0])
			tcpNoErr(t, err)
			return kib << 10
		}
	}
	return 0
}

// whenCalm repeats a round whose limits were missed while the machine itself stood still, twice at most: such a round
// says nothing about the code.
func whenCalm(t *testing.T, round func() (problems []string, stall time.Duration)) {
	t.Helper()
	const calm = 30 * time.Millisecond
	for tries := 3; ; tries-- {
		problems, stall := round()
		switch {
		case len(problems) == 0:
			return
		case stall > calm && tries > 1:
			t.Logf("once more, for the machine stood still for %v: %v", stall, problems)
		default:
			t.Errorf("with a stall of %v: %v", stall, strings.Join(problems, "; "))
			return
		}
	}
}
