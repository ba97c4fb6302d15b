package service_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/matryer/is"

	"quartet/internal/timed"
	"quartet/service"
)

const (
	cableNormal = 3 * time.Second        // how long after it calls may fail
	cableInARow = 20                     // of these must succeed
	cableProbe  = 500 * time.Millisecond // each in this time
)

// cableFaults are what happens to the cable, one after the other.
var cableFaults = []struct {
	name   string
	faults linkFaults
	cut    time.Duration // for so long, and nothing else
}{
	{name: "delay", faults: linkFaults{delay: 50 * time.Millisecond, jitter: 40 * time.Millisecond}},
	{name: "loss", faults: linkFaults{loss: 0.1}},
	{name: "rate", faults: linkFaults{rate: 32 << 10}},
	{name: "all three", faults: linkFaults{delay: 20 * time.Millisecond, jitter: 20 * time.Millisecond, loss: 0.05, rate: 128 << 10}},
	{name: "all is lost", faults: linkFaults{loss: 1}},
	{name: "cut and soon mended", cut: 1200 * time.Millisecond},
	{name: "cut until links are dead", cut: deadTime + slack},
}

// cableFor is how long a fault lasts.
func cableFor(t testing.TB) time.Duration {
	text := os.Getenv("QUARTET_CABLE")
	if text == "" {
		return 1200 * time.Millisecond
	}
	d, err := time.ParseDuration(text)
	tcpNoErr(t, err)
	return d
}

// TestTimedCableFaults: over a cable between two hosts that is slow, loses packets or is cut, under load: the ledger
// holds, and soon after each fault calls are normal again. Whoever binds.
//
//	QUARTET_CABLE=30s go test -run TestTimedCableFaults -v -count=1 -timeout 10m ./service
func TestTimedCableFaults(t *testing.T) {
	t.Parallel()
	onTwoHosts(t, func(t *testing.T, far *farHost) {
		set := far.slowable()
		far.up()
		r := &cableRun{t: t, book: newLedger()}
		r.client(far, service.Addr{Requests: "tcp://" + firstHost + ":7001", Responses: "tcp://" + firstHost + ":7002", ServiceBinds: true})
		r.client(far, service.Addr{Requests: "tcp://" + appHost + ":7003", Responses: "tcp://" + appHost + ":7004"})
		worst := timed.Stalls()
		r.load()
		slowest := r.normal("no fault")
		for _, f := range cableFaults {
			switch {
			case f.cut > 0:
				sh(t, "ip link set cable down")
				<-time.After(f.cut)
				sh(t, "ip link set cable up")
			case set == nil:
				t.Logf("%s: not to be had here", f.name)
				continue
			default:
				set(f.faults)
				<-time.After(cableFor(t))
				set(linkFaults{})
			}
			slowest = max(slowest, r.normal(f.name))
		}
		r.end(far)
		stall := worst()
		t.Logf("%v; normal after %v at most, worst stall %v", r.book, slowest, stall)
		if slowest > cableNormal+stall {
			t.Errorf("a fault was over, and calls were not normal for %v", slowest)
		}
	})
}

// cableRun is what runs over the cable.
type cableRun struct {
	t       *testing.T
	book    *ledger
	clients []*service.Client
	stop    []func() []error
}

// client makes a client, and an instance on the far host.
func (r *cableRun) client(far *farHost, a service.Addr) {
	r.t.Helper()
	is := is.New(r.t)
	c := service.NewClient(service.WithSecret(secret), service.WithTimeout(2*time.Second), service.WithDeadline(5*time.Second),
		service.WithResponses(r.book.responses()))
	is.NoErr(c.Register(svc, []service.Addr{a}))
	far.serve(svc, a)
	ready(r.t, c)
	r.clients = append(r.clients, c)
}

func (r *cableRun) load() {
	for _, c := range r.clients {
		r.stop = append(r.stop, load(4, func() error {
			<-time.After(20 * time.Millisecond)
			return r.book.call(context.Background(), c)
		}), load(1, func() error {
			<-time.After(20 * time.Millisecond)
			return r.book.send(context.Background(), c)
		}))
	}
}

// normal waits until calls succeed, and tells how long that took.
func (r *cableRun) normal(after string) time.Duration {
	r.t.Helper()
	failed := r.book.total(func(e *entry) int { return e.lost + e.refused })
	began := time.Now()
	for _, c := range r.clients {
		for good := 0; good < cableInARow; good++ {
			if err := r.book.call(context.Background(), c, service.WithTimeout(cableProbe)); err != nil {
				good = -1
			}
			if time.Since(began) > patience {
				r.t.Fatalf("%s: calls do not become normal", after)
			}
		}
	}
	took := time.Since(began)
	r.t.Logf("%s: %d of %d calls had failed, normal after %v", after, failed, r.book.last.Load(), took)
	return took
}

// end looks at what is left, and whether the ledger holds.
func (r *cableRun) end(far *farHost) {
	is := is.New(r.t)
	for _, stop := range r.stop {
		stop() // how calls ended stands in the ledger
	}
	for _, c := range r.clients {
		await(r.t, "the client is at rest", func() bool { return c.Leftovers() == nil })
		is.NoErr(c.Shutdown(r.t.Context()))
	}
	far.do("executed")
	for _, line := range far.said {
		var n uint64
		var times int
		if _, err := fmt.Sscanf(line, "executed %d %d", &n, &times); err == nil {
			r.book.note(n, func(e *entry) { e.executed += times })
		}
	}
	is.True(len(far.said) > cableInARow) // it kept book
	problems := r.book.problems()
	is.Equal(problems[:min(len(problems), 5)], nil) // the ledger holds
}
