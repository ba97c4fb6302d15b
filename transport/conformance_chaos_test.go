package transport_test

import (
	"testing"
	"time"

	"quartet/transport"
	"quartet/transport/transporttest"
)

// TestConformanceWrapped: with something around every connection, a scheme does all that it does without.
func TestConformanceWrapped(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		scheme  string
		newAddr func(testing.TB) transport.Addr
		extent  transporttest.Option
	}{
		{"ipc", transporttest.IPC, transporttest.Modest()},
		{"tcp", transporttest.TCP("tcp", "127.0.0.1"), transporttest.Brief()},
		{"tls+tcp", transporttest.TCP("tls+tcp", "localhost"), transporttest.Modest()},
	} {
		t.Run(c.scheme, func(t *testing.T) { conformUnder(t, transporttest.Faults{}, c.newAddr, c.extent) })
	}
}

// TestConformanceSlow: faults that lose nothing change nothing but the time.
func TestConformanceSlow(t *testing.T) {
	t.Parallel()
	oneByte := transporttest.Faults{OneByte: true}
	late := transporttest.Faults{Latency: time.Millisecond, Jitter: time.Millisecond}
	t.Run("one byte on ipc", func(t *testing.T) { conformUnder(t, oneByte, transporttest.IPC, transporttest.Brief()) })
	t.Run("one byte on tcp", func(t *testing.T) {
		conformUnder(t, oneByte, transporttest.TCP("tcp", "127.0.0.1"), transporttest.Brief())
	})
	t.Run("latency on tls+tcp", func(t *testing.T) {
		conformUnder(t, late, transporttest.TCP("tls+tcp", "localhost"), transporttest.Brief())
	})
}

func conformUnder(t *testing.T, f transporttest.Faults, newAddr func(testing.TB) transport.Addr, extent transporttest.Option) {
	files, chaos := transporttest.Certificate(t), transporttest.NewChaos(1)
	chaos.Set(f)
	transporttest.Run(t, newAddr, extent, transporttest.Authenticated(),
		transporttest.WithConfig(func(c *transport.Config) { c.TLS, c.Wrap = files, chaos.Wrap }))
}
