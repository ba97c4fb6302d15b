package usage

import (
	"os"
	"testing"

	"github.com/matryer/is"
)

var kept []byte

func TestUsageGrows(t *testing.T) {
	is := is.New(t)
	before := Now()
	for range 100 {
		kept = make([]byte, 100)
		_, err := os.ReadFile("usage.go")
		is.NoErr(err)
	}
	used := Now().Since(before)
	is.True(used.Mallocs >= 100)
	if _, err := os.Stat("/proc/self/io"); err == nil {
		is.True(used.Reads >= 100)
	}
	is.True(used.CPU >= 0)
}

func TestFieldsThatAreNotThere(t *testing.T) {
	is := is.New(t)
	is.Equal(field("rchar: 5\nsyscr: 12\n", "syscr:"), uint64(12))
	is.Equal(field("rchar: 5\n", "syscr:"), uint64(0))
}
