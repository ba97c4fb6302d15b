package main

import (
	"testing"

	"quartet/demos/internal/demotest"
)

func TestMain(m *testing.M) { demotest.Main(m) }
