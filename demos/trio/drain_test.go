package trio_test

import (
	"testing"

	"github.com/matryer/is"
)

// TestRollingRestart: two instances are replaced, one after the other, under load: nobody notices.
func TestRollingRestart(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	m := newMesh(t, false)
	_, first, s := m.both()
	second := m.service()
	second.says("msg=connected")
	visitors := s.load(8, "/service/sync?delay=20ms")
	for _, old := range []*process{first, second} {
		before := visitors.count()
		await(t, "the load goes on", func() bool { return visitors.count() > before+50 })
		is.Equal(old.stop(), 0) // it finishes what it has and ends
		m.service().says("msg=connected")
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

// TestDrain: SIGTERM to either side while a page waits: the page comes, and both end well.
func TestDrain(t *testing.T) {
	t.Parallel()
	for _, which := range []string{"app", "service"} {
		t.Run(which, func(t *testing.T) {
			t.Parallel()
			eachBinding(t, true, func(t *testing.T, m mesh) {
				is := is.New(t)
				app, service, s := m.both()
				waiting := s.ask(10, "/service/sync?delay=500ms")
				await(t, "all are being worked on", func() bool { return service.stderr.count("msg=working") == 10 })
				p := map[string]*process{"app": app, "service": service}[which]
				is.Equal(p.stop(), 0)
				for range 10 {
					is.Equal((<-waiting).status, 200) // what had begun was finished
				}
			})
		})
	}
}
