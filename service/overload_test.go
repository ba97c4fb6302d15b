package service_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/internal/timed"
	"quartet/service"
)

// The overload, and what shall be kept.
const (
	overInstances = 2
	overHandlers  = 50 // of each
	overRun       = 20 * time.Millisecond
	overTimes     = 3 // so many times more than they can do

	overGoodput  = 0.8                    // of what they can do
	overAccepted = 250 * time.Millisecond // p99
	overRefused  = 20 * time.Millisecond  // p95
	overMemory   = 256 << 20
	overNormal   = 2 * time.Second // until all is as before
)

// TestTimedOverload: three times more than two instances can do. They do nearly as much as ever, and at their usual
// pace; the rest is refused at once; and when it is over all is as before. Whether one client asks or eight.
//
//	QUARTET_OVERLOAD=30s go test -run TestTimedOverload -v -count=1 -timeout 10m ./service
func TestTimedOverload(t *testing.T) {
	for _, e := range []struct {
		name    string
		clients int
		lasts   time.Duration
	}{
		{"one client", 1, 5 * time.Second},
		{"eight clients", 8, 3 * time.Second},
	} {
		t.Run(e.name, func(t *testing.T) {
			if text := os.Getenv("QUARTET_OVERLOAD"); text != "" {
				var err error
				e.lasts, err = time.ParseDuration(text)
				tcpNoErr(t, err)
			}
			clients := overloaded(t, e.clients)
			whenCalm(t, func() ([]string, time.Duration) { return overload(t, clients, e.lasts) })
		})
	}
}

// overloaded makes the instances and so many clients of all of them.
func overloaded(t *testing.T, apps int) (clients []*service.Client) {
	is := is.New(t)
	var addrs []service.Addr
	for range overInstances {
		addrs = append(addrs, world{ipc: true, serviceBinds: true}.addr(t))
		newServer(t, naps(overRun), addrs[len(addrs)-1], service.WithConcurrency(overHandlers))
	}
	for range apps {
		c := service.NewClient(service.WithSecret(secret))
		t.Cleanup(func() { is.NoErr(c.Shutdown(context.Background())) })
		is.NoErr(c.Register(svc, addrs))
		await(t, "all instances are there", func() bool { return c.Instances(svc) == overInstances })
		clients = append(clients, c)
	}
	return clients
}

// overload is one round.
func overload(t *testing.T, clients []*service.Client, lasts time.Duration) (problems []string, stall time.Duration) {
	const can = overInstances * overHandlers
	worst := timed.Stalls()
	before := closedLoop(clients, can/2, 500*time.Millisecond).accepted.at(0.95)
	peak := float64(len(closedLoop(clients, can*3/2, time.Second).accepted))
	memory := 0
	watch := load(1, func() error {
		memory = max(memory, residentSet(t))
		<-time.After(50 * time.Millisecond)
		return nil
	})
	l := openLoop(clients, overTimes*peak, lasts)
	over := time.Now()
	watch()
	normal := overNormal
	for limit := before*3/2 + time.Millisecond; time.Since(over) < 2*overNormal; {
		began := time.Now()
		if after := closedLoop(clients, can/2, 100*time.Millisecond); len(after.refused) == 0 && after.accepted.at(0.95) <= limit {
			normal = began.Sub(over)
			break
		}
		normal = time.Since(over)
	}
	stall = worst()
	goodput := float64(len(l.accepted)) / lasts.Seconds()
	t.Logf("%.0f/s, of which %.0f/s were answered, %.0f %% of the peak; %d MiB; normal after %v; worst stall %v",
		overTimes*peak, goodput, 100*goodput/peak, memory>>20, normal, stall)
	t.Logf("accepted: %v; refused: %v", l.accepted, l.refused)
	must := func(ok bool, format string, got any) {
		if !ok {
			problems = append(problems, fmt.Sprintf(format, got))
		}
	}
	must(len(l.wrong) == 0, "other ends of calls: %v", l.wrong[:min(len(l.wrong), 3)])
	must(len(l.refused) > 0, "%d were refused", len(l.refused))
	must(goodput >= overGoodput*peak, "a goodput of %.0f/s", goodput)
	must(l.accepted.at(0.99) <= overAccepted+stall, "the p99 of what is accepted is %v", l.accepted.at(0.99))
	must(l.refused.at(0.95) <= overRefused+stall, "the p95 of what is refused is %v", l.refused.at(0.95))
	must(memory <= overMemory, "%d bytes of memory", memory)
	must(normal <= overNormal+stall, "not normal for %v", normal)
	return problems, stall
}

// TestTimedSentWork: 1,000 pieces of work of 5 s, sent to eight instances, do not make calls slow.
func TestTimedSentWork(t *testing.T) {
	is := is.New(t)
	addr := world{ipc: true}.addr(t)
	settled := make(chan *handler.Response, 1000)
	c := newClient(t, addr, service.WithResponses(handler.Func(func(_ context.Context, r *handler.Request) (*handler.Response, error) {
		if r.Path == "/work" {
			settled <- r.Answer
		}
		return &handler.Response{}, nil
	})))
	calls, work := naps(overRun), naps(5*time.Second)
	for range 8 {
		newServer(t, handler.Func(func(ctx context.Context, r *handler.Request) (*handler.Response, error) {
			if r.Path == "/work" {
				return work.Serve(ctx, r)
			}
			return calls.Serve(ctx, r)
		}), addr)
	}
	await(t, "all are there", func() bool { return c.Instances(svc) == 8 })
	whenCalm(t, func() (problems []string, stall time.Duration) {
		worst := timed.Stalls()
		before := closedLoop([]*service.Client{c}, 32, time.Second)
		for range cap(settled) {
			_, err := c.Send(t.Context(), svc, &handler.Request{Path: "/work"})
			is.NoErr(err)
		}
		meanwhile := closedLoop([]*service.Client{c}, 32, 3*time.Second)
		is.Equal(len(settled), 0) // all of it was under way
		is.Equal(len(before.wrong)+len(before.refused)+len(meanwhile.wrong)+len(meanwhile.refused), 0)
		for range cap(settled) {
			is.NoErr(recv(t, settled, "a receipt").AsError()) // each was done
		}
		stall = worst()
		t.Logf("before: %v; meanwhile: %v", before.accepted, meanwhile.accepted)
		if was, is := before.accepted.at(0.99), meanwhile.accepted.at(0.99); is > was*3/2+stall {
			problems = append(problems, fmt.Sprintf("the p99 is %v, it was %v", is, was))
		}
		return problems, stall
	})
}
