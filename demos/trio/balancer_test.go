package trio_test

import (
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/matryer/is"
)

// balancer stands before several apps, as those of the web do: it looks at /readyz all the time, and asks only who is ready.
// It asks nobody twice.
type balancer struct {
	end   chan struct{}
	ended sync.WaitGroup
	turn  atomic.Uint64

	mu    sync.Mutex
	slots []slot
}

// slot is the place of one app.
type slot struct {
	site
	ready time.Time // when it last said so; zero: it said that it is not
}

const (
	lookEvery = 20 * time.Millisecond
	news      = 100 * time.Millisecond // older than that nobody believes them: this machine is busy
)

func (s slot) isReady() bool { return time.Since(s.ready) < news }

func newBalancer(sites ...site) *balancer {
	b := &balancer{end: make(chan struct{}), slots: make([]slot, len(sites))}
	for i, s := range sites {
		b.put(i, s)
		b.ended.Go(func() { b.look(i) })
	}
	return b
}

// put puts an app into a slot; whether it is ready will be seen.
func (b *balancer) put(i int, s site) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.slots[i] = slot{site: s}
}

func (b *balancer) slot(i int) slot {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.slots[i]
}

// look keeps an eye on one slot.
func (b *balancer) look(i int) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		s, ready := b.slot(i).site, time.Now()
		if s.get("/readyz").status != http.StatusOK {
			ready = time.Time{}
		}
		b.mu.Lock()
		if b.slots[i].site == s { // else it was replaced meanwhile
			b.slots[i].ready = ready
		}
		b.mu.Unlock()
		select {
		case <-b.end:
			return
		case <-tick.C:
		}
	}
}

func (b *balancer) allReady() bool {
	for i := range b.slots {
		if !b.slot(i).isReady() {
			return false
		}
	}
	return true
}

// get asks one of those who are ready.
func (b *balancer) get(path string) page {
	first := b.turn.Add(1)
	for began := time.Now(); time.Since(began) < patience; <-time.After(time.Millisecond) {
		for n := range b.slots {
			if s := b.slot(int(first+uint64(n)) % len(b.slots)); s.isReady() {
				return s.get(path)
			}
		}
	}
	return page{body: "no app is ready"}
}

func (b *balancer) close() {
	close(b.end)
	b.ended.Wait()
}

// TestTimedAppsBehindABalancer: two apps are restarted one after the other behind a balancer that follows /readyz. No
// visitor notices. QUARTET_FAULTS=full does it five times.
func TestTimedAppsBehindABalancer(t *testing.T) {
	rounds := 1
	if os.Getenv("QUARTET_FAULTS") == "full" {
		rounds = 5
	}
	eachBinding(t, true, func(t *testing.T, m mesh) {
		is := is.New(t)
		var apps []*process
		var starts []func() *process
		var sites []site
		for i := range 2 {
			m := m
			if i > 0 && !m.serviceBinds {
				m = newMesh(t, false) // who listens has a place of its own
			}
			if i == 0 || !m.serviceBinds {
				m.service()
			}
			starts = append(starts, m.app)
			apps = append(apps, m.app())
			sites = append(sites, apps[i].url())
		}
		b := newBalancer(sites...)
		await(t, "both are ready", b.allReady)
		var pages visitors
		stop := pages.come(100, func() page { return b.get("/service/sync?delay=20ms") })
		for range rounds {
			for i := range apps {
				before := pages.count()
				await(t, "visitors come and go", func() bool { return pages.count() > before+30 })
				is.Equal(apps[i].stop(), 0) // it finishes what it has and ends
				apps[i] = starts[i]()
				b.put(i, apps[i].url())
				await(t, "both are ready again", b.allReady)
			}
		}
		stop()
		b.close()
		for _, p := range pages.all {
			if p.status != http.StatusOK {
				t.Errorf("a page ended by %d after %v: %s", p.status, p.took, p.body)
			}
		}
		t.Logf("%d pages", len(pages.all))
		is.True(len(pages.all) > 60*rounds) // there was load
	})
}

// visitors ask for pages, so many a second, whatever becomes of those before.
type visitors struct {
	mu  sync.Mutex
	all []page
}

func (v *visitors) count() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.all)
}

// come lets them come until stop is called, which waits for the last.
func (v *visitors) come(rate int, get func() page) (stop func()) {
	end := make(chan struct{})
	var ended, inside sync.WaitGroup
	ended.Go(func() {
		tick := time.NewTicker(time.Second / time.Duration(rate))
		defer tick.Stop()
		for {
			select {
			case <-end:
				return
			case <-tick.C:
			}
			inside.Go(func() {
				p := get()
				v.mu.Lock()
				defer v.mu.Unlock()
				v.all = append(v.all, p)
			})
		}
	})
	return func() {
		close(end)
		ended.Wait()
		inside.Wait()
	}
}
