package service_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/internal/timed"
	"quartet/service"
	"quartet/service/servicetest"
	"quartet/transport/transporttest"
)

const (
	chaosFor     = 300 * time.Millisecond // how long a fault lasts
	chaosDead    = time.Second            // of a link that is silent
	chaosNormal  = 3 * time.Second        // how long after it calls may fail
	chaosTimeout = 2 * time.Second        // of a call
	chaosProbe   = time.Second            // of a call that finds out whether all is normal
	chaosInARow  = 20                     // of these must succeed
	chaosCallers = 12
	chaosInTime  = time.Second          // a call may end after its deadline, on a busy machine
	chaosPause   = 4 * time.Millisecond // between two calls of a caller
)

// chaosRun is a client and two instances, whose connections are wrapped each by a Chaos of their own.
type chaosRun struct {
	*is.I
	t       *testing.T
	random  *rand.Rand // of the schedule
	book    *ledger
	steps   []chaosStep
	chaos   []*servicetest.Chaos // the client's, then the instances'
	client  *service.Client
	servers []*service.Server
	calls   atomic.Int64

	mu    sync.Mutex
	wrong []string
	late  time.Duration  // by how much a call has overrun its deadline, at most
	ends  map[string]int // how calls ended
}

func startChaos(t *testing.T, w chaosWorld, seed uint64) *chaosRun {
	t.Helper()
	c := &chaosRun{I: is.New(t), t: t, random: rand.New(rand.NewPCG(seed, 0)), book: newLedger(), ends: map[string]int{}}
	for _, s := range chaosSteps {
		if !s.flips || w.scheme != "ipc" {
			c.steps = append(c.steps, s)
		}
	}
	c.connect(w, seed)
	t.Cleanup(c.heal)
	await(t, "both instances are there", func() bool { return c.client.Instances(svc) == 2 })
	return c
}

// connect starts the client and the instances, the binders first.
func (c *chaosRun) connect(w chaosWorld, seed uint64) {
	files := transporttest.Certificate(c.t)
	wrapped := func() []service.Option {
		chaos := servicetest.NewChaos(seed + uint64(len(c.chaos))<<32)
		c.chaos = append(c.chaos, chaos)
		return []service.Option{
			service.WithSecret(secret), service.WithTLS(files), service.WithHeartbeat(chaosDead/5, chaosDead),
			service.WithConnWrapper(chaos.Wrap), service.WithLogger(servicetest.Logger(c.t)),
		}
	}
	co := []service.ClientOption{service.WithTimeout(chaosTimeout), service.WithDeadline(2 * chaosTimeout), service.WithResponses(c.book.responses())}
	for _, option := range wrapped() {
		co = append(co, option)
	}
	c.client = service.NewClient(co...)
	c.t.Cleanup(func() { c.NoErr(c.client.Close()) })
	serve := func(addr service.Addr) *service.Server {
		var so []service.ServerOption
		for _, option := range wrapped() {
			so = append(so, option)
		}
		s := servicetest.NewServer(c.t, svc, handler.Func(c.serve), addr, so...)
		c.servers = append(c.servers, s)
		return s
	}
	if !w.serviceBinds {
		c.NoErr(c.client.Register(svc, []service.Addr{w.addr(c.t)}))
		serve(c.client.Addrs(svc)[0])
		serve(c.client.Addrs(svc)[0])
		return
	}
	var addrs []service.Addr
	for range 2 {
		s := serve(w.addr(c.t))
		await(c.t, "the server listens", func() bool { return len(s.Addrs()) == 1 })
		addrs = append(addrs, s.Addrs()[0])
	}
	c.NoErr(c.client.Register(svc, addrs))
}

func (c *chaosRun) heal() {
	for _, chaos := range c.chaos {
		chaos.Heal()
	}
}

// run goes through the faults, and on until so many calls were made.
func (c *chaosRun) run(calls int) {
	worst := timed.Stalls()
	stop := []func() []error{
		load(chaosCallers, func() error { return c.paced(func() error { return c.call(chaosTimeout) }) }),
		load(1, func() error { return c.paced(func() error { return c.book.send(context.Background(), c.client) }) }),
	}
	slowest := time.Duration(0)
	for _, i := range c.random.Perm(len(c.steps)) {
		slowest = max(slowest, c.step(c.steps[i]))
	}
	for c.calls.Load() < int64(calls) {
		slowest = max(slowest, c.step(c.steps[c.random.IntN(len(c.steps))]))
	}
	for _, end := range stop {
		end() // what calls may end by was looked at where they ended
	}
	stall := worst()
	c.t.Logf("%v; ends: %v; normal again after %v at most, %v late at most, worst stall %v", c.book, c.ends, slowest, c.late, stall)
	if slowest > chaosNormal+stall {
		c.t.Errorf("a fault was over, and calls were not normal for %v", slowest)
	}
	if c.late > chaosInTime+stall {
		c.t.Errorf("a call ended %v after its deadline", c.late)
	}
	c.settle()
}

// settle looks at what is left in the end.
func (c *chaosRun) settle() {
	await(c.t, "the client is at rest", func() bool { return c.client.Leftovers() == nil })
	await(c.t, "the instances are at rest", func() bool {
		return c.servers[0].Leftovers() == nil && c.servers[1].Leftovers() == nil
	})
	c.NoErr(c.client.Shutdown(c.t.Context()))
	problems := c.book.problems()
	c.Equal(problems[:min(len(problems), 5)], nil) // the ledger holds
	c.Equal(c.wrong[:min(len(c.wrong), 5)], nil)   // every end has a name, and no body was changed on its way
	for _, s := range c.steps {
		met := 0
		for _, chaos := range c.chaos {
			met += chaos.Count(s.kind)
		}
		c.True(met > 0) // every kind of fault has met something
	}
}

// step lets one fault loose, on everybody or on one process, and tells how long calls were not normal after it.
func (c *chaosRun) step(s chaosStep) time.Duration {
	victims := []string{"the client", "one instance", "the other instance", "all three"}
	who := c.random.IntN(len(victims))
	for i, chaos := range c.chaos {
		if who == i || who == len(c.chaos) {
			chaos.Set(s.faults)
		}
	}
	<-time.After(cmp.Or(s.lasts, chaosFor))
	c.heal()
	began := time.Now()
	for good := 0; good < chaosInARow; good++ {
		if err := c.call(chaosProbe); err != nil {
			good = -1
		}
		if time.Since(began) > patience {
			break
		}
	}
	took := time.Since(began)
	c.t.Logf("%s at %s: normal after %v", s.name, victims[who], took)
	return took
}

func (c *chaosRun) paced(one func() error) error {
	<-time.After(chaosPause)
	return one()
}

// chaosBody is the body of a request, from which its number can be told.
func chaosBody(n uint64) []byte {
	size := n % 100
	if n%50 == 0 {
		size = 3000
	}
	if n%500 == 0 {
		size = 100_000 // by the paths of large frames
	}
	return bytes.Repeat([]byte(fmt.Sprint(n, " ")), int(size)/8)
}

// serve is the handler of the instances.
func (c *chaosRun) serve(ctx context.Context, r *handler.Request) (*handler.Response, error) {
	n := numberOf(r)
	if !c.book.isSent(n) && !bytes.Equal(r.Body, chaosBody(n)) {
		c.note(fmt.Sprintf("request %d came with another body", n))
	}
	return c.book.work(func(context.Context) error { return nil }).Serve(ctx, r)
}

// call makes one call, and enters how it ended and whether in time.
func (c *chaosRun) call(timeout time.Duration) error {
	c.calls.Add(1)
	n, r := c.book.open(false)
	r.Body = chaosBody(n)
	began := time.Now()
	reply, err := c.client.Call(context.Background(), svc, r, service.WithTimeout(timeout))
	late := time.Since(began) - timeout
	if err == nil {
		err = reply.AsError()
	}
	c.book.enter(n, reply, err)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.late = max(c.late, late)
	c.ends[c.nameOf(err)]++
	return err
}

// nameOf finds by which name a call failed. The mutex is held.
func (c *chaosRun) nameOf(err error) string {
	for _, named := range []error{nil, service.ErrTimeout, service.ErrLost, service.ErrUnavailable, service.ErrRejected} {
		if errors.Is(err, named) {
			return fmt.Sprint(named)
		}
	}
	c.wrong = append(c.wrong, err.Error())
	return "?"
}

func (c *chaosRun) note(wrong string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wrong = append(c.wrong, wrong)
}
