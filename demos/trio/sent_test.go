package trio_test

import (
	"strings"
	"testing"

	"github.com/matryer/is"
)

// TestSentOnce: while the service is killed again and again, every async page that said success ends in exactly one call
// of the response handler, which logs it.
func TestSentOnce(t *testing.T) {
	t.Parallel()
	eachBinding(t, true, func(t *testing.T, m mesh) {
		const kills = 4
		is := is.New(t)
		app, service, s := m.both()
		sending := s.load(4, "/service/async?delay=20ms")
		for range kills {
			before := service.stderr.count("msg=working")
			await(t, "it has work", func() bool { return service.stderr.count("msg=working") > before+30 })
			service.kill()
			service = m.service()
			await(t, "it is back", func() bool { return service.stderr.count("msg=working") > 0 })
		}
		accepted := 0
		for _, p := range sending.end() {
			switch p.status {
			case 200:
				accepted++
			case 503: // it says that nothing was sent
			default:
				t.Errorf("an async page ended by %d %s", p.status, p.body)
			}
		}
		await(t, "every accepted one is answered", func() bool { return app.stderr.count("msg=response") >= accepted })
		is.Equal(app.stop(), 0) // nothing is left to wait for
		is.Equal(app.stderr.count("msg=response"), accepted)
		text := app.stderr.String()
		done, lost := strings.Count(text, "METHOD=response status=200"), strings.Count(text, "METHOD=response status=502")
		t.Logf("%d accepted: %d answered, %d lost", accepted, done, lost)
		is.Equal(done+lost, accepted) // each was answered, or said to be lost
		is.True(lost > 0)             // the kills met some
	})
}
