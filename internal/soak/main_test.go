package main

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain makes the binary of the tests a host where it is started as one.
func TestMain(m *testing.M) {
	if os.Getenv(hostVariable) != "" {
		if err := beHost(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		return
	}
	goleak.VerifyTestMain(m)
}
