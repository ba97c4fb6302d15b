package trio_test

import (
	"testing"
	"time"

	"github.com/matryer/is"

	"quartet/internal/timed"
)

// TestTimedKilledService: kill -9 of the service under load. What it had is lost at once, and said to be; when it is back
// it serves at once.
func TestTimedKilledService(t *testing.T) {
	eachBinding(t, false, func(t *testing.T, m mesh) {
		const inFlight = 50
		is := is.New(t)
		stall := timed.StallsEvery(time.Millisecond)
		app, service, s := m.both()
		waiting := s.ask(inFlight, "/service/sync?delay=30s")
		await(t, "all are being worked on", func() bool { return service.stderr.count("msg=working") == inFlight })
		others := s.load(4, "/service/sync?delay=1ms")
		await(t, "others are served", func() bool { return others.count() > 20 })

		killed := time.Now()
		service.kill()
		var slowest time.Duration
		for range inFlight {
			p := <-waiting
			is.Equal(p.status, 502) // lost: it may have run
			slowest = max(slowest, p.at.Sub(killed))
		}
		if m.serviceBinds {
			app.says("still waiting") // by now it dials as rarely as it ever does
		}
		again := m.service()
		first := firstGood(t, s)
		limit := stall()
		t.Logf("lost after %v, served %v after the restart, the worst stall was %v", slowest, first.Sub(again.began), limit)
		is.True(slowest <= time.Second+limit)                  // those who wait hear of it in time
		is.True(first.Sub(again.began) <= 2*time.Second+limit) // as soon as it is back it serves
		for _, p := range others.end() {
			is.True(p.status == 200 || p.status == 502 || p.status == 503) // nobody hears anything else
		}
		is.Equal(s.get("/service/sync?delay=1ms").status, 200)
	})
}

// TestTimedKilledApp: kill -9 of the app leaves its sockets behind, where it listens. The service lives on, and serves the
// app that takes its place.
func TestTimedKilledApp(t *testing.T) {
	eachBinding(t, false, func(t *testing.T, m mesh) {
		is := is.New(t)
		stall := timed.StallsEvery(time.Millisecond)
		app, service, s := m.both()
		lost := s.ask(20, "/service/sync?delay=30s")
		await(t, "the service works", func() bool { return service.stderr.count("msg=working") == 20 })
		app.kill()
		for range 20 {
			is.Equal((<-lost).status, 0) // the web server is gone
		}
		if !m.serviceBinds {
			service.says("still waiting") // by now it dials as rarely as it ever does
		}
		again := m.app()
		first := firstGood(t, again.url())
		limit := stall()
		t.Logf("served %v after the restart, the worst stall was %v", first.Sub(again.began), limit)
		is.True(first.Sub(again.began) <= 2*time.Second+limit) // stale sockets are no hindrance
		is.True(!service.dead())                               // the service has survived
		is.Equal(again.stop(), 0)
		is.Equal(service.stop(), 0) // and has nothing left to do: nobody waits for what the first app had asked
	})
}

// firstGood asks until a page comes, and says when that was.
func firstGood(t *testing.T, s site) time.Time {
	t.Helper()
	var p page
	await(t, "a page comes", func() bool {
		p = s.get("/service/sync?delay=1ms")
		return p.status == 200
	})
	return p.at
}
