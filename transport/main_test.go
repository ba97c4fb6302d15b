package transport

import (
	"flag"
	"testing"

	"go.uber.org/goleak"
)

// TestMain lets more tests run at once than there are processors: most of them wait.
func TestMain(m *testing.M) {
	runHelper()
	flag.Parse()
	if flag.Lookup("test.fuzz").Value.String() == "" { // fuzzing takes it for the number of its processes
		if err := flag.Set("test.parallel", "4"); err != nil {
			panic(err)
		}
	}
	goleak.VerifyTestMain(m)
}
