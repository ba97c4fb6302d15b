package main

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/matryer/is"

	"quartet/demos/internal/demotest"
)

// startAll waits until both sites answer. The service may come later: who asks for a picture waits for it.
func startAll(t *testing.T, args ...string) (*demotest.Process, demotest.Site) {
	t.Helper()
	p := demotest.Start(t, append([]string{"-http", "127.0.0.1:0"}, args...)...)
	site := p.Site()
	for _, path := range []string{"/before/", "/after/"} {
		demotest.Await(t, path+" is there", func() bool { return site.Do("GET", path, "").Status == 200 })
	}
	return p, site
}

// TestMoved: the pictures are equal, and only after the move another process draws them, with a lower priority.
func TestMoved(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	p, site := startAll(t, "-pictures", "2")
	is.Equal(p.Processes(), 4)
	b, a := site.Do("GET", "/before/render", ""), site.Do("GET", "/after/render", "")
	is.Equal(b.Header.Get("Content-Type"), "image/png")
	is.Equal(a.Header.Get("Content-Type"), "image/png")
	is.True(a.Body == b.Body)
	is.Equal(b.Header.Get("Served-By"), b.Header.Get("Drawn-By"))
	is.True(a.Header.Get("Served-By") != a.Header.Get("Drawn-By"))
	is.True(a.Header.Get("Served-By") != b.Header.Get("Served-By"))
	if runtime.GOOS == "linux" { // which has a priority for each thread
		is.Equal(priorities(t, a.Header.Get("Served-By")), map[string]bool{"0": true})
		is.Equal(priorities(t, a.Header.Get("Drawn-By")), map[string]bool{"10": true})
	}

	var measured, latest result
	is.Equal(site.Ask("POST", "/measure", &measured).Status, 200)
	sum := sha256.Sum256([]byte(a.Body))
	for _, f := range []figures{measured.Before, measured.After} {
		is.Equal(f.Sum, hex.EncodeToString(sum[:]))
		is.Equal(f.Heavy.Asked, 2)
		is.True(f.Light.Asked > 10)
		is.True(f.Light.P50 > 0 && f.Light.P50 <= f.Light.P95 && f.Light.P95 <= f.Light.Max)
	}
	is.True(measured.Equal)
	is.Equal(measured.After.DrawPID, a.Header.Get("Drawn-By"))
	site.Ask("GET", "/", &latest)
	is.Equal(latest.Before, measured.Before) // it is kept for the next visitor
}

// priorities are the nice values of a process's threads.
func priorities(t *testing.T, pid string) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	threads, _ := filepath.Glob("/proc/" + pid + "/task/*/stat")
	for _, thread := range threads {
		stat, err := os.ReadFile(thread)
		if err != nil {
			continue // it has ended
		}
		_, rest, _ := strings.Cut(string(stat), ") ") // the name may hold spaces
		found[strings.Fields(rest)[16]] = true
	}
	return found
}

// TestRestart: what was killed is there again, at the same address.
func TestRestart(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	_, site := startAll(t)
	drawn := site.Do("GET", "/after/render", "")
	killed := map[string]bool{}
	for _, pid := range []string{site.Do("GET", "/before/", "").Header.Get("Served-By"), drawn.Header.Get("Served-By"), drawn.Header.Get("Drawn-By")} {
		killed[pid] = true
		n, err := strconv.Atoi(pid)
		is.NoErr(err)
		is.NoErr(syscall.Kill(n, syscall.SIGKILL))
	}
	is.Equal(len(killed), 3)
	for _, path := range []string{"/before/", "/after/render"} {
		demotest.Await(t, "others serve "+path, func() bool {
			a := site.Do("GET", path, "")
			return a.Status == 200 && !killed[a.Header.Get("Served-By")] && !killed[a.Header.Get("Drawn-By")]
		})
	}
}

// TestKilledParent: kill -9 leaves nobody behind, not even who draws.
func TestKilledParent(t *testing.T) {
	t.Parallel()
	p, site := startAll(t)
	drawing := make(chan demotest.Answer)
	go func() { drawing <- site.Do("POST", "/measure", "") }()
	p.Kill()
	<-drawing
	p.AwaitNobody()
}

// TestTerminated: SIGTERM breaks off a measurement, ends all processes in good order, and leaves no file behind.
func TestTerminated(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	p, site := startAll(t, "-pictures", "64")
	measured := make(chan demotest.Answer)
	go func() { measured <- site.Do("POST", "/measure", "application/json") }()
	p.Logged("measuring")
	p.Terminate()
	is.Equal((<-measured).Status, 503)
	is.Equal(p.End(), 0)
	is.Equal(p.Processes(), 0)
	left, err := os.ReadDir(filepath.Join(p.Dir, "run"))
	is.NoErr(err)
	is.Equal(len(left), 0) // neither sockets nor locks
}

func TestPages(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	_, site := startAll(t, "-limit")
	is.Equal(site.Do("GET", "/", "application/json").Body, "null\n") // nothing is measured yet
	is.True(strings.Contains(site.Do("GET", "/", "text/html").Body, "No figures yet"))
	is.True(strings.Contains(site.Do("GET", "/after/", "").Body, "A light page."))
	is.Equal(site.Do("HEAD", "/after/render", "").Status, 405)
	is.Equal(site.Do("GET", "/measure", "").Status, 405) // a link that somebody follows measures nothing
	is.Equal(site.Do("GET", "/nothing", "").Status, 404)
}

func TestCommandLine(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	p := demotest.Start(t, "-h")
	is.Equal(p.End(), 0)
	for _, part := range []string{"Usage: move [flags]", "127.0.0.1:6770", "-nice", "-pictures", "-sockets", "-limit", "-serve", "random"} {
		is.True(strings.Contains(p.Stdout.String(), part)) // help has it
	}
	for _, c := range []struct {
		args   []string
		status int
		says   string
	}{
		{[]string{"-nothing"}, 2, "-nothing"},
		{[]string{"-nice", "20"}, 1, "move: -nice 20: "},
		{[]string{"-nice", "-1"}, 1, "move: -nice -1: "},
		{[]string{"-pictures", "0"}, 1, "move: -pictures 0: "},
		{[]string{"-serve", "tea"}, 1, `move: -serve "tea": `},
		{[]string{"-serve", "render"}, 1, "QUARTET_SECRET is not set"}, // by hand
		{[]string{"-serve", "before"}, 1, "move: "},
		{[]string{"-http", "nonsense"}, 1, "move: -http: "},
	} {
		p := demotest.Start(t, c.args...)
		is.Equal(p.End(), c.status)
		is.True(strings.Contains(p.Stderr.String(), c.says)) // what is wrong
		is.Equal(p.Stdout.String(), "")
	}
}
