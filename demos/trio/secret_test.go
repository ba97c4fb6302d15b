package trio_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"
)

// TestWrongSecret: two that do not share a secret do not connect, whoever dials, and say so once per address in 10 s, with
// a count.
func TestWrongSecret(t *testing.T) {
	t.Parallel()
	eachBinding(t, true, func(t *testing.T, m mesh) {
		is := is.New(t)
		app, service := m.app(), m.with(otherKey).service()
		s := app.url()
		for _, p := range []*process{app, service} {
			p.says(`handshake failed.*count=1$`)
		}
		is.Equal(s.get("/readyz").status, 503)
		p := s.get("/service/sync?delay=1ms")
		is.Equal(p.status, 503) // nobody is there for it
		for _, p := range []*process{app, service} {
			p.says(`handshake failed.*count=([2-9]|\d\d)$`) // the next line stands for several
		}
		for _, p := range []*process{app, service} {
			is.Equal(p.stderr.count("msg=connected"), 0) // nobody got in
			lines := refusals(t, p.stderr.String())
			for endpoint, times := range lines {
				is.True(strings.HasPrefix(endpoint, "ipc:///") || overTCP) // which says where
				for i := range times[1:] {
					is.True(times[i+1].Sub(times[i]) >= 9*time.Second) // one line in 10 s
				}
			}
			is.True(len(lines) > 0)
			is.Equal(p.stop(), 0)
		}
	})
}

// refusals are the times of the lines about refused connections, by address.
func refusals(t *testing.T, log string) map[string][]time.Time {
	t.Helper()
	line := regexp.MustCompile(`(?m)^time=(\S+) level=WARN msg="handshake failed".* endpoint=(\S+).* cause="?refused: wrong secret[^"]*"? count=(\d+)$`)
	found := map[string][]time.Time{}
	for _, m := range line.FindAllStringSubmatch(log, -1) {
		at, err := time.Parse(time.RFC3339, m[1])
		if err != nil {
			t.Fatal(err)
		}
		if n, _ := strconv.Atoi(m[3]); n < 1 {
			t.Errorf("a count of %s", m[3])
		}
		found[m[2]] = append(found[m[2]], at)
	}
	return found
}

// TestBadSecrets: what cannot be used as a secret ends the program with a line that says why, and not what it was.
func TestBadSecrets(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, c := range map[string]struct{ file, says string }{
		"missing":   {filepath.Join(dir, "nowhere"), "no such file"},
		"directory": {dir, "is a directory"},
		"empty":     {file("empty", "\n"), "empty"},
		"short":     {file("short", "tiny-passw0rd\n"), "at least 16 bytes"},
		"three":     {file("three", key+"\n"+otherKey+"\n"+key+"\n"), "more than two"},
	} {
		for _, program := range []string{"app", "service"} {
			t.Run(name+" "+program, func(t *testing.T) {
				t.Parallel()
				is := is.New(t)
				m := newMesh(t, false)
				m.key = c.file
				p := m.service
				if program == "app" {
					p = m.app
				}
				ended := p()
				await(t, "it ends", ended.dead)
				is.Equal(ended.cmd.ProcessState.ExitCode(), 1)
				text := ended.stderr.String()
				is.True(strings.HasPrefix(text, program+": -secret-file: ")) // which flag
				is.True(strings.Contains(text, c.says))                      // what is wrong
				is.True(!strings.Contains(text, "tiny-passw0rd"))            // not what it was
				is.Equal(strings.Count(text, "\n"), 1)                       // in one line
			})
		}
	}
}
