package service_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/matryer/is"

	"quartet/service"
	"quartet/service/servicetest"
)

var errKilled = errors.New("killed by the test")

// TestChurn kills instances at random under load, and the books are right in the end: nothing runs twice,
// nothing is lost unsaid, every accepted Send has one receipt, and nothing is left in either side.
func TestChurn(t *testing.T) {
	t.Parallel()
	inEveryWorld(t, func(t *testing.T, addr service.Addr) {
		is := is.New(t)
		seed := uint64(time.Now().UnixNano())
		random := rand.New(rand.NewPCG(seed, 0))
		t.Logf("seed %d", seed)
		l := newLedger()
		w := world{ipc: addr.Requests[:3] == "ipc", serviceBinds: addr.ServiceBinds}
		addrs := []service.Addr{addr, w.addr(t)}
		if !addr.ServiceBinds {
			addrs = addrs[:1]
		}
		var instances []*instanceOf
		for n := range 3 {
			if n == 2 && addr.ServiceBinds {
				break
			}
			instances = append(instances, startInstance(t, l.work(millisecond), addrs[n%len(addrs)]))
		}
		c := service.NewClient(service.WithSecret(secret), service.WithLogger(servicetest.Logger(t)),
			service.WithResponses(l.responses()), service.WithTimeout(5*time.Second))
		is.NoErr(c.Register(svc, addrs))
		ready(t, c)
		impatient := func() (context.Context, context.CancelFunc) {
			return context.WithTimeout(context.Background(), time.Duration(rand.IntN(3000))*time.Microsecond)
		}
		calls := load(8, func() error { l.call(context.Background(), c); return nil })
		leavers := load(4, func() error {
			ctx, cancel := impatient()
			defer cancel()
			l.call(ctx, c)
			return nil
		})
		sends := load(4, func() error {
			<-time.After(time.Millisecond)
			l.send(context.Background(), c)
			return nil
		})
		for end := time.Now().Add(2 * time.Second); time.Now().Before(end); {
			i := instances[random.IntN(len(instances))]
			<-time.After(time.Duration(random.IntN(50)) * time.Millisecond)
			switch random.IntN(3) {
			case 0:
				i.server.AbortApps(errKilled) // only the links
			case 1:
				is.NoErr(i.kill())
				i.start()
			case 2:
				is.NoErr(i.shutdown())
				i.start()
			}
		}
		calls()
		leavers()
		sends()
		await(t, "the client is at rest", func() bool { return c.Leftovers() == nil })
		await(t, "the instances are at rest", func() bool {
			for _, i := range instances {
				if i.server.Leftovers() != nil {
					return false
				}
			}
			return true
		})
		is.NoErr(c.Shutdown(t.Context()))
		for _, i := range instances {
			is.NoErr(i.shutdown())
		}
		is.Equal(l.problems(), nil)
		t.Log(l)
		is.True(l.total(func(e *entry) int { return e.answered }) > 0) // it was of some use
	})
}
