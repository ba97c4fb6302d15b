package servicetest

import "quartet/transport/transporttest"

// Chaos breaks the connections of a client or of an instance on purpose, while they run: latency, trickle,
// one-byte writes, black holes, resets, half-close, bit flips. Its Wrap goes into service.WithConnWrapper, its
// Set and Heal begin and end the faults; heal before the test ends, or the end has to wait for its limits. The
// same seed gives the same faults.
//
//	chaos := servicetest.NewChaos(1)
//	c := servicetest.New(t, "slow", h, service.WithConnWrapper(chaos.Wrap))
//	chaos.Set(servicetest.Faults{Latency: 20 * time.Millisecond, Reset: 0.01})
//	…
//	chaos.Heal()
type Chaos = transporttest.Chaos

// Faults says what a Chaos does to its connections; the zero value does nothing.
type Faults = transporttest.Faults

// NewChaos makes a Chaos without faults.
func NewChaos(seed uint64) *Chaos { return transporttest.NewChaos(seed) }
