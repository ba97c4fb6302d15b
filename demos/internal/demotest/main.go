// Package demotest runs a demo as a process, and a browser in front of it, for the demo's own tests.
//
// The tests of a package that holds one program call Main from TestMain, and Start as often as they like.
package demotest

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// patience is how long a test waits for what should happen at once; it is long because machines are busy.
const patience = 30 * time.Second

// program is the demo, and binary where it is built by the first test that starts it.
var program, binary string

// Main runs the tests of the package that holds the program, and exits. Goroutines and processes that outlive them are
// failures.
func Main(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "8"); err != nil { // most tests wait
		panic(err)
	}
	here, err := os.Getwd() // which is the package's
	if err != nil {
		panic(err)
	}
	dir, err := os.MkdirTemp("", "q") // short, because sockets are made there
	if err != nil {
		panic(err)
	}
	program, binary = filepath.Base(here), filepath.Join(dir, filepath.Base(here))
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		for _, left := range running(dir) {
			fmt.Fprintln(os.Stderr, "still running:", left)
			code = 1
		}
		_ = os.RemoveAll(dir)
		os.Exit(code)
	}))
}

var build = sync.OnceValue(func() error {
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	return nil
})

// running lists the processes whose program lies in a directory, children included.
func running(dir string) (found []string) {
	if runtime.GOOS == "linux" { // where ps may be missing
		links, _ := filepath.Glob("/proc/[0-9]*/exe")
		for _, link := range links {
			if exe, err := os.Readlink(link); err == nil && strings.HasPrefix(exe, dir+"/") {
				found = append(found, filepath.Base(filepath.Dir(link)))
			}
		}
		return found
	}
	out, err := exec.Command("ps", "-axo", "pid=,command=").Output()
	if err != nil {
		return []string{err.Error()}
	}
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, dir+"/") {
			found = append(found, strings.TrimSpace(line))
		}
	}
	return found
}

// Await polls until something is so, and fails the test when it does not become so.
func Await(t *testing.T, what string, so func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for late := time.Now().Add(patience); time.Now().Before(late); <-tick.C {
		if so() {
			return
		}
	}
	t.Fatalf("not within %v: %s", patience, what)
}
