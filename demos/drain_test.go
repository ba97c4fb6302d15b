package demos_test

import (
	"syscall"
	"testing"

	"github.com/matryer/is"

	"quartet/demos/internal/slow"
)

// ask gets a page in the background.
func ask(v visitor, path string) <-chan page {
	answer := make(chan page, 1)
	go func() { answer <- v.json(path) }()
	return answer
}

// TestAppDrains stops the app while a page waits: the page is answered, sent work still gets its response, and
// everyone else hears that the app is leaving.
func TestAppDrains(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	shared := sockets(t)
	app, v := startApp(t, shared)
	service := start(t, "service", shared...)
	v.await(t, "/readyz", 200)

	waiting := ask(v, "/service/sync?delay=2s")
	service.logged(t, `working .*delay=2s`)
	is.Equal(v.json("/service/async?delay=3s").Status, 200)
	app.signal(t, syscall.SIGTERM)
	v.await(t, "/readyz", 503)                  // the page keeps the app alive, so the load balancer can still ask
	v.await(t, "/service/sync?delay=10ms", 503) // and who does not is refused after a while

	p := <-waiting
	is.Equal(p.Status, 200)
	is.Equal(p.JSON.Text, slow.SyncText) // the page that had begun is answered in full
	is.Equal(app.end(t), 0)
	app.logged(t, `status=200 text="`+slow.AsyncText+`"`) // even what was sent came back
}

// TestServiceDrains stops the only instance while it works for a page.
func TestServiceDrains(t *testing.T) {
	t.Parallel()
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(s.String(), func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			shared := sockets(t)
			_, v := startApp(t, shared)
			service := start(t, "service", shared...)
			v.await(t, "/readyz", 200)

			waiting := ask(v, "/service/sync?delay=1s")
			service.logged(t, `working .*delay=1s`)
			service.signal(t, s)
			v.await(t, "/readyz", 503) // it takes no more work
			p := <-waiting
			is.Equal(p.Status, 200) // but finishes what it has
			is.Equal(service.end(t), 0)
		})
	}
}

// TestKilledService ends the only instance without warning: its caller hears of it, and the next instance serves.
func TestKilledService(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	shared := sockets(t)
	_, v := startApp(t, shared)
	service := start(t, "service", shared...)
	v.await(t, "/readyz", 200)

	waiting := ask(v, "/service/sync?delay=60s")
	service.logged(t, `working .*delay=1m0s`)
	service.signal(t, syscall.SIGKILL)
	is.Equal((<-waiting).Status, 502) // lost, long before its time was up
	start(t, "service", shared...)
	v.await(t, "/service/sync?delay=10ms", 200)
}
