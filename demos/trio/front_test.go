package trio_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/matryer/is"
)

// doorway is where the app meets the front, and where it meets the service.
type doorway struct {
	mesh      // app and service
	door mesh // front and app
}

// newDoorway lets the app listen on both sides, or dial both.
func newDoorway(t *testing.T, appBinds bool) doorway {
	t.Helper()
	return doorway{newMesh(t, !appBinds), newMesh(t, appBinds)}
}

// eachDoorway runs a test with the app listening and with the app dialling.
func eachDoorway(t *testing.T, parallel bool, test func(t *testing.T, d doorway)) {
	for _, appBinds := range []bool{false, true} {
		t.Run(fmt.Sprintf("app-binds=%v", appBinds), func(t *testing.T) {
			if parallel {
				t.Parallel()
			}
			test(t, newDoorway(t, appBinds))
		})
	}
}

func (d doorway) front() *process {
	d.t.Helper()
	return run(d.t, "front", append([]string{"-http", "127.0.0.1:0", "-secret-file", d.door.key}, d.door.flags...)...)
}

// app has no web address.
func (d doorway) app() *process {
	d.t.Helper()
	args := append([]string{"-secret-file", d.key}, d.flags...)
	for _, arg := range d.door.flags {
		if name, isFlag := strings.CutPrefix(arg, "-"); isFlag {
			arg = "-serve-" + name
		}
		args = append(args, arg)
	}
	return run(d.t, "app", args...)
}

// all starts the three and waits until they have met.
func (d doorway) all() (front, app, service *process, s site) {
	d.t.Helper()
	front, app, service = d.front(), d.app(), d.service()
	s = front.url()
	firstGood(d.t, s)
	return front, app, service, s
}

// TestFrontAnyOrder: any of the three may start first.
func TestFrontAnyOrder(t *testing.T) {
	t.Parallel()
	for _, order := range []string{
		"front app service", "front service app", "app front service",
		"app service front", "service front app", "service app front",
	} {
		t.Run(order, func(t *testing.T) {
			t.Parallel()
			eachDoorway(t, true, func(t *testing.T, d doorway) {
				is := is.New(t)
				var started []*process
				var s site
				for _, name := range strings.Fields(order) { // each is up before the next begins
					var p *process
					switch name {
					case "front":
						p = d.front()
						s = p.url()
					case "app":
						p = d.app()
						p.says("msg=serving")
					case "service":
						p = d.service()
						p.says("msg=serving")
					}
					started = append(started, p)
				}
				p := s.get("/service/sync?delay=10ms")
				is.Equal(p.status, 200)                                // all find each other in time
				is.True(strings.Contains(p.body, "made a round trip")) // and have the text
				for _, p := range started {
					is.Equal(p.stop(), 0) // a clean end, in the same order
				}
			})
		})
	}
}

// TestFrontWrongSecret: who does not share the front's secret is no app.
func TestFrontWrongSecret(t *testing.T) {
	t.Parallel()
	eachDoorway(t, true, func(t *testing.T, d doorway) {
		is := is.New(t)
		stranger := d
		stranger.mesh = d.with(otherKey)
		front, app := d.front(), stranger.app()
		s := front.url()
		for _, p := range []*process{front, app} {
			p.says(`handshake failed.*wrong secret`)
		}
		is.Equal(s.get("/readyz").status, 503)
		is.Equal(s.get("/").status, 503)
		for _, p := range []*process{front, app} {
			is.Equal(p.stderr.count("msg=connected"), 0) // nobody got in
			is.Equal(p.stop(), 0)
		}
	})
}

// TestFrontRollingRestart: two apps are replaced, one after the other, under load: nobody notices.
func TestFrontRollingRestart(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	d := newDoorway(t, false)
	_, first, _, s := d.all()
	second := d.app()
	isIn(second)
	visitors := s.load(8, "/service/sync?delay=20ms")
	for _, old := range []*process{first, second} {
		before := visitors.count()
		await(t, "the load goes on", func() bool { return visitors.count() > before+50 })
		is.Equal(old.stop(), 0) // it finishes what it has and ends
		isIn(d.app())
	}
	pages := visitors.end()
	for _, p := range pages {
		if p.status != 200 {
			t.Errorf("a page ended by %d after %v: %s", p.status, p.took, p.body)
		}
	}
	t.Logf("%d pages", len(pages))
	is.True(len(pages) > 100) // there was load
}

// isIn waits until an app that dials has met front and service.
func isIn(app *process) {
	app.t.Helper()
	await(app.t, "an app meets front and service", func() bool { return app.stderr.count("msg=connected") == 2 })
}

// TestFrontDrains: SIGTERM to any of the three, or to all, while pages wait: the pages come, and whoever was told ends well.
func TestFrontDrains(t *testing.T) {
	t.Parallel()
	for _, which := range []string{"front", "app", "service", "front app service"} {
		t.Run(which, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			front, app, service, s := newDoorway(t, which == "app").all()
			waiting := s.ask(10, "/service/sync?delay=500ms")
			await(t, "all are being worked on", func() bool { return service.stderr.count("delay=500ms") == 10 })
			told := strings.Fields(which)
			processes := map[string]*process{"front": front, "app": app, "service": service}
			for _, name := range told {
				is.NoErr(processes[name].cmd.Process.Signal(syscall.SIGTERM))
			}
			for range 10 {
				is.Equal((<-waiting).status, 200) // what had begun was finished
			}
			for _, name := range told {
				is.Equal(processes[name].end(), 0)
			}
		})
	}
}
