package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/matryer/is"

	"quartet/demos/internal/demotest"
)

// startAll waits until all ten services are there.
func startAll(t *testing.T, args ...string) (*demotest.Process, demotest.Site) {
	t.Helper()
	p := demotest.Start(t, append([]string{"-http", "127.0.0.1:0"}, args...)...)
	return p, awaitAll(t, p)
}

func awaitAll(t *testing.T, p *demotest.Process) demotest.Site {
	t.Helper()
	site := p.Site()
	demotest.Await(t, "ten parts", func() bool {
		var out outcome
		return site.Ask("GET", "/", &out).Status == 200 && out.Answered == len(parts)
	})
	return site
}

// TestKilledService: the page comes with nine parts, says which is missing and why, and has it back later.
func TestKilledService(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	_, site := startAll(t, "-again", "3s")
	var out outcome
	site.Ask("GET", "/", &out)
	is.True(out.Took >= out.Slowest) // it waited for the slowest
	is.True(out.Took < out.Sum/2)    // and not for one after the other
	killed := out.Parts[3].PID
	is.NoErr(syscall.Kill(killed, syscall.SIGKILL))

	var missing result
	demotest.Await(t, "the part has no process", func() bool { // the first page may still have lost it on the way: 502
		is.Equal(site.Ask("GET", "/", &out).Status, 200)
		missing = out.Parts[3]
		is.True(out.Answered == 9 && out.Failed == 1 && missing.Error != "") // all others, every time
		return missing.Status == 503
	})
	is.Equal(missing.Name, "pictures")
	is.True(strings.Contains(missing.Error, "its process ended (signal: killed), and is started again in")) // why, and what next

	awaitPart := func() bool { site.Ask("GET", "/", &out); return out.Answered == 10 }
	demotest.Await(t, "it is back", awaitPart)
	is.True(out.Parts[3].PID != killed) // as another process
}

// TestDeadline: parts that are later than the visitor allows are missing, the others are not.
func TestDeadline(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	_, site := startAll(t)
	var out outcome
	is.Equal(site.Ask("GET", "/?deadline=550ms", &out).Status, 200)
	last := out.Parts[len(out.Parts)-1]
	is.Equal(last.Status, 504)
	is.Equal(last.Error, "no answer within 550ms")
	is.True(last.PID != 0)      // its process is well
	is.True(out.Answered > 0)   // the quick ones are there
	is.True(out.Failed >= 4)    // those that take longer are not
	is.True(out.Took < out.Sum) // and nobody waited for them
	is.Equal(site.Do("GET", "/?deadline=soon", "").Status, 400)
	is.Equal(site.Do("GET", "/nothing", "").Status, 404)
	is.Equal(site.Do("POST", "/", "").Status, 405)
	is.Equal(site.Do("GET", "/healthz", "").Status, 200)
	is.Equal(site.Do("HEAD", "/", "").Status, 200)
}

// TestKilledParent: kill -9 leaves nobody behind.
func TestKilledParent(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	p, _ := startAll(t)
	is.Equal(p.Processes(), 1+len(parts))
	p.Kill()
	p.AwaitNobody()
}

// TestTerminated: SIGTERM ends all processes in good order and leaves no file behind. A second run in the same directory
// is not disturbed.
func TestTerminated(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	p, _ := startAll(t)
	other := demotest.StartIn(t, p.Dir, "-http", "127.0.0.1:0")
	site := awaitAll(t, other)
	p.Terminate()
	is.Equal(p.End(), 0)
	is.Equal(p.Processes(), 0) // it has waited for its children
	is.True(!strings.Contains(p.Stderr.String(), "WARN"))

	var out outcome
	site.Ask("GET", "/", &out)
	is.Equal(out.Answered, len(parts))
	other.Terminate()
	is.Equal(other.End(), 0)
	left, err := os.ReadDir(filepath.Join(p.Dir, "run"))
	is.NoErr(err)
	is.Equal(len(left), 0) // neither sockets nor locks
}

func TestCommandLine(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	p := demotest.Start(t, "-h")
	is.Equal(p.End(), 0)
	for _, part := range []string{"Usage: fanout [flags]", "127.0.0.1:6769", "-again", "-sockets", "-serve", "random"} {
		is.True(strings.Contains(p.Stdout.String(), part)) // help has it
	}
	for _, c := range []struct {
		args   []string
		status int
		says   string
	}{
		{[]string{"-nothing"}, 2, "-nothing"},
		{[]string{"-again", "0s"}, 1, "fanout: -again 0s: "},
		{[]string{"-serve", "tea"}, 1, `fanout: -serve "tea": `},
		{[]string{"-serve", "price"}, 1, "QUARTET_SECRET is not set"}, // by hand
		{[]string{"-http", "nonsense"}, 1, "fanout: -http: "},
		{[]string{"-http", "127.0.0.1:0", "-sockets", "no/such/place"}, 1, "no/such"},
	} {
		p := demotest.Start(t, c.args...)
		is.Equal(p.End(), c.status)
		is.True(strings.Contains(p.Stderr.String(), c.says)) // what is wrong
		is.Equal(p.Stdout.String(), "")
	}
}
