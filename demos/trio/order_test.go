package trio_test

import (
	"strings"
	"testing"

	"github.com/matryer/is"
)

// TestAnyOrder: any of the three may start first, whoever listens.
func TestAnyOrder(t *testing.T) {
	t.Parallel()
	for _, order := range []string{
		"app service monolith", "app monolith service", "service app monolith",
		"service monolith app", "monolith app service", "monolith service app",
	} {
		t.Run(order, func(t *testing.T) {
			t.Parallel()
			eachBinding(t, true, func(t *testing.T, m mesh) {
				is := is.New(t)
				var started []*process
				sites := map[string]site{}
				for _, name := range strings.Fields(order) { // each is up before the next begins
					switch name {
					case "app":
						p := m.app()
						started, sites[name] = append(started, p), p.url()
					case "service":
						p := m.service()
						p.says("msg=serving")
						started = append(started, p)
					case "monolith":
						p := run(t, "monolith", "-http", "127.0.0.1:0")
						started, sites[name] = append(started, p), p.url()
					}
				}
				for _, s := range sites {
					p := s.get("/service/sync?delay=10ms")
					is.Equal(p.status, 200)                                // it finds the others in time
					is.True(strings.Contains(p.body, "made a round trip")) // and has the text
				}
				for _, p := range started {
					is.Equal(p.stop(), 0) // a clean end, in the same order
				}
			})
		})
	}
}
