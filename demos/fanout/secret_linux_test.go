package main

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/matryer/is"
)

// TestSecret, for Linux, which shows environments: it reaches the children by their environment, is another one each time, and is shown nowhere.
func TestSecret(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	seen := map[string]bool{}
	for range 2 {
		p, site := startAll(t)
		var out outcome
		site.Ask("GET", "/", &out)
		secret := ""
		for _, part := range out.Parts {
			proc := "/proc/" + strconv.Itoa(part.PID)
			env, err := os.ReadFile(proc + "/environ")
			is.NoErr(err)
			_, text, _ := strings.Cut("\x00"+string(env), "\x00QUARTET_SECRET=")
			text, _, _ = strings.Cut(text, "\x00")
			is.Equal(len(text), 64)                     // a key
			is.True(secret == "" || secret == text)     // the same for all
			is.True(!seen[text])                        // and not that of another run
			args, err := os.ReadFile(proc + "/cmdline") // which everybody may read
			is.NoErr(err)
			is.True(!strings.Contains(string(args), text))
			secret = text
		}
		seen[secret] = true
		is.True(!strings.Contains(p.Stdout.String()+p.Stderr.String(), secret))
		p.Terminate()
		is.Equal(p.End(), 0)
	}
}
