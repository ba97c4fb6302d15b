package trio_test

import (
	"testing"
	"time"

	"github.com/matryer/is"

	"quartet/internal/timed"
)

// TestTimedKilledAppBehindFront: kill -9 of the app under load. The front says at once what is lost with it, and finds the
// app as soon as it is back.
func TestTimedKilledAppBehindFront(t *testing.T) {
	eachDoorway(t, false, func(t *testing.T, d doorway) {
		const inFlight = 50
		is := is.New(t)
		stall := timed.StallsEvery(time.Millisecond)
		front, app, service, s := d.all()
		waiting := s.ask(inFlight, "/service/sync?delay=30s")
		await(t, "all are being worked on", func() bool { return service.stderr.count("delay=30s") == inFlight })
		others := s.load(4, "/service/sync?delay=1ms")
		await(t, "others are served", func() bool { return others.count() > 20 })

		killed := time.Now()
		app.kill()
		var slowest time.Duration
		for range inFlight {
			p := <-waiting
			is.Equal(p.status, 502) // lost: it may have run
			slowest = max(slowest, p.at.Sub(killed))
		}
		if d.door.serviceBinds {
			front.says("still waiting") // by now both dial as rarely as they ever do
			service.says("still waiting")
		}
		again := d.app()
		first := firstGood(t, s)
		limit := stall()
		t.Logf("lost after %v, served %v after the restart, the worst stall was %v", slowest, first.Sub(again.began), limit)
		is.True(slowest <= time.Second+limit)                  // those who wait hear of it in time
		is.True(first.Sub(again.began) <= 2*time.Second+limit) // as soon as it is back it serves
		for _, p := range others.end() {
			is.True(p.status == 200 || p.status == 502 || p.status == 503) // nobody hears anything else
		}
		is.True(!front.dead() && !service.dead()) // the others have survived
	})
}

// TestFrontStoppedUnderLoad: SIGTERM to the front while visitors come and go. Whoever came before is served, or asked to
// come again.
func TestFrontStoppedUnderLoad(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	front, _, service, s := newDoorway(t, true).all()
	inside := s.ask(10, "/service/sync?delay=501ms") // they keep the door open for a while
	await(t, "they are being worked on", func() bool { return service.stderr.count("delay=501ms") == 10 })
	visitors := s.load(4, "/service/sync?delay=20ms")
	await(t, "others are served", func() bool { return visitors.count() > 20 })
	told := time.Now()
	is.Equal(front.stop(), 0)
	for range 10 {
		is.Equal((<-inside).status, 200)
	}
	served := 0
	for _, p := range visitors.end() {
		switch came := p.at.Add(-p.took); {
		case p.status == 200:
			served++
		case p.status == 503: // with Retry-After
		case p.status == 0 && came.After(told): // nobody is at the door any more
		default:
			t.Errorf("a page asked for %v after SIGTERM ended by %d: %s", came.Sub(told), p.status, p.body)
		}
	}
	is.True(served > 20)
}
