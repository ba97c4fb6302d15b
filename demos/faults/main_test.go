package faults_test

import (
	"flag"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv(childPlan) != "" {
		os.Exit(child())
	}
	flag.Parse()
	if err := flag.Set("test.parallel", "16"); err != nil { // most tests wait
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

// full says that tests shall take their time: QUARTET_FAULTS=full.
var full = os.Getenv("QUARTET_FAULTS") == "full"

// orFull chooses between what a test does every day, and in its full form.
func orFull[T any](daily, thorough T) T {
	if full {
		return thorough
	}
	return daily
}

// patience bounds every wait for something that must happen; machines are busy.
const patience = 20 * time.Second
