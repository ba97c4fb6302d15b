package faults_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/matryer/is"

	"quartet/internal/timed"
	"quartet/service"
	"quartet/transport"
)

const (
	backIn     = 2 * time.Second // after the return, a call is answered
	dialsFirst = 8               // in the first second, when nobody is there
	dialsMost  = 60              // in half a minute
	fewMore    = 5
)

// mostDials is what an outage may cost: more often at its beginning.
func mostDials(outage time.Duration) int {
	return dialsFirst + int(outage.Seconds()/30*(dialsMost-dialsFirst))
}

// TestTimedOutage: one side is killed, all of it, and comes back after a while. The other, which lives in this process,
// serves or is served again at once, has dialled seldom, and has as many goroutines and descriptors as before. All ways to
// meet have their outage at the same time, since those are counted for the whole process.
func TestTimedOutage(t *testing.T) {
	is := is.New(t)
	const instances = 3
	lasts := orFull(5*time.Second, 30*time.Second)
	var all []outage
	for _, w := range worlds {
		all = append(all, newAppOutage(t, w, instances), newServiceOutage(t, w, instances))
	}
	for _, o := range all {
		o.meet()
	}
	goroutines, files := atRest(t)
	worst := timed.Stalls()
	for _, o := range all {
		o.begin()
	}
	began := time.Now()
	pass(lasts)
	for _, o := range all {
		o.end()
	}
	took := time.Since(began)
	for _, o := range all {
		o.meet()
	}
	stall := worst()
	g, f := atRest(t)
	t.Logf("%d goroutines and %d descriptors before, %d and %d after", goroutines, files, g, f)
	is.True(g <= goroutines+fewMore) // goroutines are where they were: some may just serve a call
	is.True(f <= files)              // and so are descriptors
	for _, o := range all {
		o.judge(took, stall)
	}
}

// outage is one side that survives, and one that does not.
type outage interface {
	meet()  // returns when a call is answered
	begin() // kills
	end()   // starts again
	judge(took, stall time.Duration)
}

// atRest counts what a process has when nothing happens: it looks until two looks agree.
func atRest(t *testing.T) (goroutines, files int) {
	t.Helper()
	await(t, "all is at rest", func() bool {
		g, f := runtime.NumGoroutine(), openFiles(t)
		calm := g == goroutines && f == files
		goroutines, files = g, f
		pass(200 * time.Millisecond)
		return calm
	})
	return goroutines, files
}

// openFiles counts the descriptors of this process.
func openFiles(t *testing.T) int {
	t.Helper()
	for _, dir := range []string{"/proc/self/fd", "/dev/fd"} {
		if entries, err := os.ReadDir(dir); err == nil {
			return len(entries)
		}
	}
	t.Fatal("the descriptors of a process cannot be counted here")
	return 0
}

// dials counts how often a side has dialled in vain, by endpoint.
type dials struct {
	mu    sync.Mutex
	count map[string]int
}

func (d *dials) hook(e service.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if e.Type == transport.Retrying {
		d.count[e.Endpoint]++
	}
}

// reset forgets them.
func (d *dials) reset() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.count = map[string]int{}
}

// most is how often the endpoint was dialled that was dialled most.
func (d *dials) most() (most int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, n := range d.count {
		most = max(most, n)
	}
	return most
}

// judgeDials holds them against the limit.
func judgeDials(t *testing.T, who string, most int, dialled bool, took time.Duration) {
	t.Helper()
	t.Logf("%s: dialled %d times at most in %v; the limit is %d", who, most, took.Round(time.Millisecond), mostDials(took))
	if most > mostDials(took) || dialled && most == 0 {
		t.Errorf("%s: %d dials", who, most)
	}
}

// appOutage is a client that survives its instances.
type appOutage struct {
	*mesh
	world
	dials
	stop func() // of the load
	from time.Time
	back time.Time
}

func newAppOutage(t *testing.T, w world, n int) *appOutage {
	o := &appOutage{world: w}
	o.reset()
	o.mesh = newMesh(t, w, n, service.WithHook(o.hook))
	return o
}

func (o *appOutage) meet() {
	o.t.Helper()
	for _, i := range o.all {
		o.meets(i)
	}
	if o.stop != nil {
		o.stop()
		o.stop = nil
	}
}

func (o *appOutage) begin() {
	o.reset()
	for _, i := range o.all {
		i.kill()
	}
	o.from = time.Now()
	o.stop = pour(20, func() {
		o.book.call(context.Background(), o.client, ask{timeout: 100 * time.Millisecond, mark: "outage"})
	})
}

func (o *appOutage) end() {
	o.back = time.Now()
	for n, i := range o.all {
		o.all[n] = i.again()
	}
}

func (o *appOutage) judge(took, stall time.Duration) {
	o.t.Helper()
	who := fmt.Sprintf("an app, %v", o.world)
	judgeDials(o.t, who, o.most(), o.serviceBinds, took)
	up := o.all[0].up.Load() // when the first of them began to serve
	for _, i := range o.all {
		up = min(up, i.up.Load())
	}
	returned, first := time.UnixMicro(up), time.Duration(-1)
	for _, e := range o.book.find(func(e *entry) bool { return e.begun.After(o.from) }) {
		switch {
		case e.answered() && (first < 0 || e.told.Sub(returned) < first):
			first = e.told.Sub(returned)
		case e.failed() && !errors.Is(e.ended[0], service.ErrUnavailable) && e.told.Before(o.back):
			o.t.Errorf("%s: a call of the outage: %v", who, e) // nobody is there, and that is what it is told
		}
	}
	o.t.Logf("%s: the first good call %v after the return", who, first)
	o.True(first >= 0 && first <= backIn+stall)
	o.settle()
	o.Equal(o.book.problems(stall), nil)
}

// serviceOutage is three instances that survive their app.
type serviceOutage struct {
	*is.I
	t *testing.T
	world
	app   *instance
	dials []*dials // of each instance
}

func newServiceOutage(t *testing.T, w world, n int) *serviceOutage {
	o := &serviceOutage{I: is.New(t), t: t, world: w}
	addrs := w.addrs(t, n)
	for _, addr := range addrs {
		d := new(dials)
		d.reset()
		o.dials = append(o.dials, d)
		s := service.NewServer(svc, routes(report{}), service.WithSecret(secret), service.WithHook(d.hook))
		served := make(chan error, 1)
		go func() { served <- s.Serve(addr) }()
		t.Cleanup(func() {
			o.NoErr(s.Close())
			o.Equal(<-served, service.ErrClosed)
		})
	}
	o.app = start(t, new(ledger), plan{App: true, Addrs: registered(addrs, w)})
	return o
}

func (o *serviceOutage) meet() {
	o.t.Helper()
	await(o.t, "the app has an answer", func() bool { return o.app.good.Load() > 0 })
}

func (o *serviceOutage) begin() {
	for _, d := range o.dials {
		d.reset()
	}
	o.app.kill()
}

func (o *serviceOutage) end() { o.app = o.app.again() }

func (o *serviceOutage) judge(took, stall time.Duration) {
	o.t.Helper()
	who := fmt.Sprintf("instances, %v", o.world)
	most := 0
	for _, d := range o.dials {
		most = max(most, d.most())
	}
	judgeDials(o.t, who, most, !o.serviceBinds, took)
	first := time.Duration(o.app.good.Load()-o.app.up.Load()) * time.Microsecond
	o.t.Logf("%s: the first good call %v after the return", who, first)
	o.True(first > 0 && first <= backIn+stall)
}
