package service_test

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"quartet/service"
	"quartet/service/servicetest"
	"quartet/transport/transporttest"
)

// chaosStep is one spell of faults.
type chaosStep struct {
	name   string
	faults servicetest.Faults
	kind   transporttest.Kind // which must have met something in the end
	flips  bool               // only where the link notices a wrong bit
	lasts  time.Duration      // 0: chaosFor
}

var chaosSteps = []chaosStep{
	{name: "latency", faults: servicetest.Faults{Latency: 5 * time.Millisecond, Jitter: 20 * time.Millisecond}, kind: transporttest.Delay},
	{name: "trickle", faults: servicetest.Faults{BytesPerSecond: 4000}, kind: transporttest.Trickle},
	{name: "one byte", faults: servicetest.Faults{OneByte: true}, kind: transporttest.OneByte},
	{name: "black hole", faults: servicetest.Faults{BlackHole: true}, kind: transporttest.BlackHole},
	{name: "silence", faults: servicetest.Faults{BlackHole: true}, kind: transporttest.BlackHole, lasts: chaosDead * 3 / 2},
	{name: "resets", faults: servicetest.Faults{Reset: 0.05}, kind: transporttest.Reset},
	{name: "reset after some bytes", faults: servicetest.Faults{ResetAfter: 3000}, kind: transporttest.Reset},
	{name: "half-close", faults: servicetest.Faults{HalfClose: 0.05}, kind: transporttest.HalfClose},
	{name: "bit flips", faults: servicetest.Faults{BitFlip: 0.05}, kind: transporttest.BitFlip, flips: true},
	{name: "slow and cut", faults: servicetest.Faults{Jitter: 5 * time.Millisecond, OneByte: true, Reset: 0.01}, kind: transporttest.Reset},
}

// chaosWorld is one way to connect a client and two instances.
type chaosWorld struct {
	name         string
	scheme       string
	serviceBinds bool
}

var chaosWorlds = []chaosWorld{
	{"ipc", "ipc", false}, {"tcp", "tcp", true}, {"tls+tcp", "tls+tcp", false},
}

func (w chaosWorld) addr(t testing.TB) service.Addr {
	a := service.Addr{ServiceBinds: w.serviceBinds, Requests: w.scheme + "://127.0.0.1:0", Responses: w.scheme + "://127.0.0.1:0"}
	if w.scheme == "ipc" {
		dir, err := os.MkdirTemp("", "quartet")
		tcpNoErr(t, err)
		t.Cleanup(func() { os.RemoveAll(dir) })
		a.Requests, a.Responses = "ipc://"+filepath.Join(dir, "q"), "ipc://"+filepath.Join(dir, "a")
	}
	return a
}

// TestTimedChaos: whatever happens to the connections, no answer is crossed, nothing runs twice, every call ends in
// time and by name, and when a fault is over calls are normal again within 3 s.
//
//	QUARTET_CHAOS_CALLS=200000 QUARTET_CHAOS_SEED=7 go test -run TestTimedChaos -v -count=1 -timeout 20m ./service
func TestTimedChaos(t *testing.T) {
	t.Parallel()
	calls := chaosNumber(t, "QUARTET_CHAOS_CALLS", 20_000)
	seed := chaosNumber(t, "QUARTET_CHAOS_SEED", uint64(time.Now().UnixNano()))
	t.Logf("QUARTET_CHAOS_SEED=%d QUARTET_CHAOS_CALLS=%d", seed, calls)
	for i, w := range chaosWorlds {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			startChaos(t, w, seed+uint64(i)).run(int(calls) / len(chaosWorlds))
		})
	}
}

func chaosNumber(t *testing.T, name string, fallback uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return fallback
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}
