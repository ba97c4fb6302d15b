package headroom

import (
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"

	"github.com/matryer/is"
)

// TestUntouched: what is held is not resident, also when the heap has had the memory before.
func TestUntouched(t *testing.T) {
	is := is.New(t)
	var k keeper
	for range 3 {
		debug.FreeOSMemory()
		before := resident(is)
		k.enter()
		k.row = enough
		k.judge(collector{})
		is.True(k.holds())
		is.True(resident(is)-before < Size/4)
		k.leave()
		runtime.GC() // its place is free
	}
}

// resident is how many bytes of the process are in memory.
func resident(is *is.I) int {
	is.Helper()
	text, err := os.ReadFile("/proc/self/statm")
	is.NoErr(err)
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	is.NoErr(err)
	return pages * os.Getpagesize()
}
