package faults_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/matryer/is"

	"quartet/service"
)

// world is one way for an app and its instances to meet.
type world struct{ tcp, serviceBinds bool }

var worlds = []world{{false, false}, {false, true}, {true, false}, {true, true}}

func (w world) String() string {
	kind, who := "ipc", "app"
	if w.tcp {
		kind = "tcp"
	}
	if w.serviceBinds {
		who = "service"
	}
	return fmt.Sprintf("%s, the %s binds", kind, who)
}

// inEveryWorld runs a test in all of them at once: most of the time it waits.
func inEveryWorld(t *testing.T, test func(t *testing.T, w world)) {
	for _, w := range worlds {
		t.Run(w.String(), func(t *testing.T) {
			t.Parallel()
			test(t, w)
		})
	}
}

// addrs are where n instances are met: one address each where they bind, else the app's.
func (w world) addrs(t *testing.T, n int) []service.Addr {
	t.Helper()
	dir, err := os.MkdirTemp("", "q") // short, for the path of a socket must be
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	one := func(i int) service.Addr {
		a := service.Addr{Requests: "ipc://" + filepath.Join(dir, fmt.Sprint("q", i)), Responses: "ipc://" + filepath.Join(dir, fmt.Sprint("r", i))}
		if w.tcp {
			a.Requests, a.Responses = freeEndpoint(t), freeEndpoint(t)
		}
		a.ServiceBinds = w.serviceBinds
		return a
	}
	all := make([]service.Addr, n)
	for i := range all {
		if all[i] = one(i); !w.serviceBinds {
			all[i] = all[0]
		}
	}
	return all
}

// lastPort is the last that freeEndpoint has found.
var lastPort atomic.Uint32

func init() { lastPort.Store(rand.Uint32N(10_000)) }

// freeEndpoint finds a port that stays free until it is bound, and while its binder restarts: one below those that the
// system hands out itself, and never the same twice.
func freeEndpoint(t *testing.T) string {
	t.Helper()
	syscall.ForkLock.RLock() // a child that is being started would hold the port, too, for a moment
	defer syscall.ForkLock.RUnlock()
	for range 1000 {
		at := fmt.Sprintf("127.0.0.1:%d", 10_000+lastPort.Add(1)%10_000)
		if ln, err := net.Listen("tcp", at); err == nil {
			ln.Close()
			return "tcp://" + at
		}
	}
	t.Fatal("no free port")
	return ""
}

// mesh is an app in this process, its instances in others, and their ledger.
type mesh struct {
	*is.I
	t      *testing.T
	book   *ledger
	client *service.Client
	all    []*instance
}

// newMesh starts n instances and waits until each has run something.
func newMesh(t *testing.T, w world, n int, o ...service.ClientOption) *mesh {
	t.Helper()
	return meshOf(t, w, n, plan{}, o...)
}

// meshOf is newMesh by a plan, but for where the instances are met.
func meshOf(t *testing.T, w world, n int, p plan, o ...service.ClientOption) *mesh {
	t.Helper()
	m := unmet(t, w, n, p, o...)
	for _, i := range m.all {
		m.meets(i)
	}
	return m
}

// unmet does not wait.
func unmet(t *testing.T, w world, n int, p plan, o ...service.ClientOption) *mesh {
	t.Helper()
	m := &mesh{I: is.New(t), t: t, book: new(ledger)}
	addrs := w.addrs(t, n)
	m.client = service.NewClient(append([]service.ClientOption{service.WithSecret(secret), service.WithResponses(m.book.receipts())}, o...)...)
	t.Cleanup(func() { m.NoErr(m.client.Close()) })
	m.NoErr(m.client.Register(svc, registered(addrs, w))) // the addresses are free
	for i := range n {
		p.Addrs = addrs[i : i+1]
		m.all = append(m.all, start(t, m.book, p))
	}
	return m
}

// registered are the addresses that a client is told.
func registered(addrs []service.Addr, w world) []service.Addr {
	if !w.serviceBinds {
		return addrs[:1]
	}
	return addrs
}

// meets waits until an instance has run something.
func (m *mesh) meets(i *instance) {
	m.t.Helper()
	await(m.t, "an instance is asked", func() bool {
		if i.runs.Load() == 0 {
			m.book.call(context.Background(), m.client, ask{mark: "meets"})
		}
		return i.runs.Load() > 0
	})
}

// begun counts the requests of a kind that have run.
func (m *mesh) begun(mark string) int {
	return m.book.count(func(e *entry) bool { return e.mark == mark && len(e.runs) > 0 })
}

// settle ends everything and waits until all is in the book.
func (m *mesh) settle() {
	m.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	m.NoErr(m.client.Shutdown(ctx)) // every call ends, and every receipt comes
	for _, i := range m.all {
		if !i.dead() {
			m.Equal(i.stop(), 0) // a clean end
		}
	}
}

// await polls.
func await(t *testing.T, what string, cond func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for limit := time.Now().Add(patience); time.Now().Before(limit); <-tick.C {
		if cond() {
			return
		}
	}
	t.Fatalf("not within %v: %s", patience, what)
}
