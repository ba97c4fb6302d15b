package service_test

import (
	"flag"
	"runtime/debug"
	"testing"

	"go.uber.org/goleak"
)

// TestMain lets more tests run at once than there are processors: most of them wait. Some judge the heap, which is to have
// nothing of internal/headroom: that leaves alone who sets GOGC.
func TestMain(m *testing.M) {
	debug.SetGCPercent(99)
	flag.Parse()
	if err := flag.Set("test.parallel", "16"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}
