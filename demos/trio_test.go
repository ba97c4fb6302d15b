package demos_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/matryer/is"

	"quartet/demos/internal/slow"
)

// sockets are the flags that app and service share. The directory is short, because a socket's path must be.
func sockets(t *testing.T, more ...string) []string {
	t.Helper()
	dir, err := os.MkdirTemp("", "q")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return append([]string{
		"-requests", "ipc://" + filepath.Join(dir, "slow"),
		"-responses", "ipc://" + filepath.Join(dir, "slow_response"),
	}, more...)
}

func startApp(t *testing.T, shared []string) (*process, visitor) {
	t.Helper()
	app := start(t, "app", append([]string{"-http", "127.0.0.1:0"}, shared...)...)
	return app, visitor{app.url(t)}
}

// TestTrio walks through the pages, whichever side listens.
func TestTrio(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		shared []string
	}{
		{"the app listens", sockets(t)},
		{"the service listens", sockets(t, "-service-binds")},
		{"a secret in a file", sockets(t, "-secret-file", secretFile(t))},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			app, v := startApp(t, c.shared)
			is.Equal(v.get("/healthz", "").Status, 200)
			is.Equal(v.get("/readyz", "").Status, 503) // nobody is there to do the work
			service := start(t, "service", append([]string{"-delay", "10ms"}, c.shared...)...)
			v.await(t, "/readyz", 200)
			walk(t, v, app)

			for _, p := range []*process{app, service} {
				p.signal(t, syscall.SIGTERM)
				is.Equal(p.end(t), 0) // a clean end
				is.True(!strings.Contains(p.stdout.String()+p.stderr.String(), "shared_secret"))
				is.True(!strings.Contains(p.stdout.String()+p.stderr.String(), fileSecret))
			}
		})
	}
}

func walk(t *testing.T, v visitor, app *process) {
	t.Helper()
	is := is.New(t)
	home := v.get("/", "text/html")
	is.True(strings.Contains(home.Body, `href="/service/sync"`))
	is.True(strings.Contains(home.Body, `href="/service/async"`))

	p := v.json("/service/sync?delay=20ms")
	is.Equal(p.Status, 200)
	is.Equal(p.JSON.Text, slow.SyncText)
	is.True(p.Took >= 20*time.Millisecond) // it waited
	p = v.get("/service/sync", "text/html")
	is.True(strings.Contains(p.Body, slow.SyncText)) // the service's own delay

	p = v.json("/service/async?delay=20ms")
	is.Equal(p.Status, 200)
	is.Equal(p.JSON.Call, "async")
	is.True(!strings.Contains(p.Body, slow.AsyncText)) // the text is not for the page
	app.logged(t, `(?m)path=/service/slow METHOD=response status=200 text="`+slow.AsyncText+`"$`)
	is.True(strings.Contains(v.get("/receipts", "").Body, p.JSON.ID)) // the receipt names its call

	for _, delay := range []string{"61s", "soon", "-1s"} {
		is.Equal(v.json("/service/sync?delay="+delay).Status, 400)
		is.Equal(v.json("/service/async?delay="+delay).Status, 400)
	}
}

const fileSecret = "a secret that is in a file"

func secretFile(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(name, []byte(fileSecret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestNobodyThere asks for pages while no service runs: they fail in time, with a status that says so.
func TestNobodyThere(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	_, v := startApp(t, sockets(t))
	sync, async := ask(v, "/service/sync?delay=10ms"), ask(v, "/service/async?delay=10ms")
	for _, p := range []page{<-sync, <-async} {
		is.Equal(p.Status, 503)
		is.Equal(p.JSON.Error, "Service Unavailable")
	}
}
