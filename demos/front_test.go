package demos_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/matryer/is"

	"quartet/demos/internal/slow"
)

// doorstep is where a front door and its apps meet.
type doorstep struct{ requests, responses string }

func newDoorstep(t *testing.T) doorstep {
	t.Helper()
	dir, err := os.MkdirTemp("", "q")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return doorstep{"ipc://" + filepath.Join(dir, "app"), "ipc://" + filepath.Join(dir, "app_response")}
}

func (d doorstep) front(t *testing.T) (*process, visitor) {
	t.Helper()
	front := start(t, "front", "-http", "127.0.0.1:0", "-requests", d.requests, "-responses", d.responses)
	return front, visitor{front.url(t)}
}

func (d doorstep) app(t *testing.T, more ...string) *process {
	t.Helper()
	return start(t, "app", append([]string{"-serve-requests", d.requests, "-serve-responses", d.responses}, more...)...)
}

// TestFront walks through the pages, from a front door to the service. The app has no web address.
func TestFront(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	step, shared := newDoorstep(t), sockets(t)
	front, v := step.front(t)
	app := step.app(t, shared...)
	service := start(t, "service", append([]string{"-delay", "10ms"}, shared...)...)
	v.await(t, "/readyz", 200)
	walk(t, v, app)
	is.True(strings.Contains(v.get("/", "text/html").Body, "<span>front</span>")) // the picture shows the way
	for _, p := range []*process{front, app, service} {
		p.signal(t, syscall.SIGTERM)
		is.Equal(p.end(t), 0)
	}
	is.Equal(app.stdout.String(), "") // it has no address to tell
}

// TestFrontWithoutApp: the door tells itself apart from what is behind it.
func TestFrontWithoutApp(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	step := newDoorstep(t)
	_, v := step.front(t)
	is.Equal(v.get("/healthz", "").Status, 200)
	is.Equal(v.get("/readyz", "").Status, 503)
	script := ask(v, "/receipts")
	p := v.get("/", "text/html")
	is.Equal(p.Status, 503)
	is.Equal(p.RetryAfter, "1")
	is.True(strings.Contains(p.Body, "Service Unavailable"))
	is.True(p.Took < 10*time.Second)                       // in time
	is.Equal((<-script).JSON.Error, "Service Unavailable") // for a script, as JSON

	step.app(t, sockets(t)...)
	v.await(t, "/readyz", 200) // the app is there, though its service is not
	is.Equal(v.get("/", "text/html").Status, 200)
}

// TestBothDoorsDrain stops an app while a page waits at each of its doors.
func TestBothDoorsDrain(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	step, shared := newDoorstep(t), sockets(t)
	_, through := step.front(t)
	app := step.app(t, append([]string{"-http", "127.0.0.1:0"}, shared...)...)
	direct := visitor{app.url(t)}
	service := start(t, "service", shared...)
	through.await(t, "/readyz", 200)
	direct.await(t, "/readyz", 200)
	pages := []<-chan page{ask(direct, "/service/sync?delay=2001ms"), ask(through, "/service/sync?delay=2002ms")}
	service.logged(t, `working .*delay=2.001s`)
	service.logged(t, `working .*delay=2.002s`)
	app.signal(t, syscall.SIGTERM)
	direct.await(t, "/readyz", 503) // both doors are shut
	through.await(t, "/readyz", 503)
	for _, p := range pages {
		is.Equal((<-p).Status, 200) // and who was inside is served
	}
	is.Equal(app.end(t), 0)
}

// TestFrontIsInvisible asks an app that has both doors the same at each: the answers are the same.
func TestFrontIsInvisible(t *testing.T) {
	t.Parallel()
	step, shared := newDoorstep(t), sockets(t)
	_, through := step.front(t)
	app := step.app(t, append([]string{"-http", "127.0.0.1:0"}, shared...)...)
	direct := visitor{app.url(t)}
	start(t, "service", shared...)
	through.await(t, "/readyz", 200)
	direct.await(t, "/readyz", 200)
	etag := direct.exchange(t, "GET", "/assets/site.css").header.Get("Etag")

	for _, c := range []struct {
		method, target string
		header         []string
		status         int
	}{
		{"GET", "/", nil, 200},
		{"HEAD", "/", nil, 200},
		{"GET", "/?a=%zz", nil, 200},
		{"GET", "/assets/site.css", nil, 200},
		{"HEAD", "/assets/site.css", nil, 200},
		{"GET", "/assets/site.css", []string{"If-None-Match", etag}, 304},
		{"HEAD", "/assets/site.css", []string{"If-None-Match", etag}, 304},
		{"GET", "/assets/site.css", []string{"Range", "bytes=0-99"}, 206},
		{"GET", "/assets/site.css", []string{"Range", "bytes=9999999-"}, 416},
		{"GET", "/assets/site.js", nil, 200},
		{"GET", "/assets/icon.svg", nil, 200},
		{"GET", "/receipts", nil, 200},
		{"GET", "/nowhere", nil, 404},
		{"GET", "/nowhere", []string{"Accept", "text/html"}, 404},
		{"HEAD", "/nowhere", nil, 404},
		{"GET", "/service%2Fsync", nil, 404},
		{"GET", "/service/./sync//..", nil, 404},
		{"POST", "/", nil, 405},
		{"OPTIONS", "/service/sync", nil, 405},
		{"BREW", "/service/sync", []string{"Accept", "text/plain"}, 405},
		{"GET", "/service/sync?delay=61s", nil, 400},
		{"GET", "/service/sync?delay=%zz", []string{"Accept", "text/html"}, 400},
		{"GET", "/service/sync?delay=1ms", nil, 200},
		{"GET", "/service/async?delay=soon", []string{"Accept", "application/json"}, 400},
	} {
		t.Run(c.method+" "+c.target+" "+strings.Join(c.header, " "), func(t *testing.T) {
			is := is.New(t)
			a, b := direct.exchange(t, c.method, c.target, c.header...), through.exchange(t, c.method, c.target, c.header...)
			is.Equal(a.status, c.status)
			is.Equal(b.status, a.status)
			if c.status == 200 && !strings.HasPrefix(c.target, "/assets/") { // these pages tell the time, or the way
				a.header.Del("Content-Length")
				b.header.Del("Content-Length")
				is.Equal(a.body == "", b.body == "")
			} else {
				is.Equal(b.body, a.body)
			}
			is.Equal(b.header, a.header) // not one field more or less
		})
	}
	is := is.New(t)
	is.True(strings.Contains(through.json("/service/sync?delay=1ms").Body, slow.SyncText)) // both are the same app
}

type exchanged struct {
	status int
	header http.Header // without the date
	body   string
}

func (v visitor) exchange(t *testing.T, method, target string, header ...string) exchanged {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, v.base, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.URL.Opaque = target // goes out as it is
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := direct.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	answer.Header.Del("Date")
	return exchanged{answer.StatusCode, answer.Header, string(body)}
}
