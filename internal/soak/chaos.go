package main

import (
	"context"
	"math/rand/v2"
	"time"

	"quartet/service/servicetest"
)

// faults are what happens to the connections of the client, now and then.
var faults = []servicetest.Faults{
	{Latency: 5 * time.Millisecond, Jitter: 20 * time.Millisecond},
	{BytesPerSecond: 20_000},
	{OneByte: true},
	{BlackHole: true},
	{Reset: 0.02},
	{HalfClose: 0.02},
}

// How long a fault lasts, and how long there is none.
const (
	faultFor = 300 * time.Millisecond
	calmFor  = 3 * time.Second
)

// breakLinks lets faults loose, one after the other, until ctx ends.
func breakLinks(ctx context.Context, chaos *servicetest.Chaos, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 1))
	defer chaos.Heal()
	for wait := calmFor; ; wait = calmFor + faultFor - wait {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		if wait == calmFor {
			chaos.Set(faults[random.IntN(len(faults))])
		} else {
			chaos.Heal()
		}
	}
}
