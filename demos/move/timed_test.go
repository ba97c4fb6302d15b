package main

import (
	"testing"

	"github.com/matryer/is"
)

// TestTimedMove: the light page gains by the move. One good try will do: the machine may be busy with something else.
func TestTimedMove(t *testing.T) {
	is := is.New(t)
	_, site := startAll(t, "-pictures", "4")
	var r result
	for range 3 {
		is.Equal(site.Ask("POST", "/measure", &r).Status, 200)
		t.Logf("the light page alone %v, before %v, after %v", r.Before.Idle, r.Before.Light, r.After.Light)
		if r.After.Light.P50*4 < r.Before.Light.P50 && r.After.Light.P95*2 < r.Before.Light.P95 {
			return
		}
	}
	t.Error("three times the light page gained nothing by the move")
}
