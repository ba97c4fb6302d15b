package main

import (
	"fmt"

	"quartet/bench/report"
	"quartet/bench/stats"
)

// limitPeak is the memory that an instance may take however large the requests are, by the limits that ARCHITECTURE.md
// names: 64 MiB of frames under way, 64 MiB of large requests that wait or run, 256 MiB that wait to be written.
const limitPeak = (64 + 64 + 256) << 20

// cliff is what 10,000 requests in flight must keep of the rate of 1,024.
const cliff = 0.5

// aims are what Quartet is to reach. All ratios are of runs in turn.
func aims() []report.Aim {
	var all []report.Aim
	topic := ""
	add := func(a report.Aim) {
		a.Topic = topic
		all = append(all, a)
	}
	// A rate is at least, a time at most, so many times that of another.
	rate := func(group, series, against string, times float64) {
		add(report.Aim{Text: "rate, to " + against, Group: group, Series: series, Against: []string{against}, Metric: stats.Rate, AtLeast: times})
	}
	time := func(m stats.Metric, group, against string, times float64) {
		add(report.Aim{Text: string(m) + ", to " + against, Group: group, Series: nQuartet, Against: []string{against}, Metric: m, AtMost: times})
	}
	most := func(text, group, series string, m stats.Metric, most float64) {
		add(report.Aim{Text: text, Group: group, Series: series, Metric: m, AtMost: most})
	}
	ofBest := func(group, series string, best []string, part float64) {
		add(report.Aim{Text: series + ", to the best", Group: group, Series: series, Against: best, Metric: stats.Rate, AtLeast: part})
	}

	topic = "64 callers, ipc, 64 B"
	rate("ipc/64/64", nQuartet, nGRPC, 6)
	rate("ipc/64/64", nQuartet, nNATS, 3.5)
	rate("ipc/64/64", nQuartet, nLibzmq, 3.5)
	rate("ipc/64/64", nQuartet, nRaw, 1.3)

	topic = "1,024 callers, ipc, 64 B"
	rate("ipc/64/1024", nQuartet, nNATS, 2)
	rate("ipc/64/1024", nQuartet, nLibzmq, 1.5)
	rate("ipc/64/1024", nQuartet, nGRPC, 6)

	topic = "1 caller, ipc, 64 B"
	time(stats.P50, "ipc/64/1", nRaw, 1.6)
	time(stats.P50, "ipc/64/1", nGRPC, 0.4)

	topic = "tcp with CURVE, 64 callers, 64 B"
	rate("tcp/64/64", nCurve, nIPC, 0.7)
	rate("tcp/64/64", nCurve, nGRPCTCP, 4)
	rate("tcp/64/64", nCurve, nGRPCTLS, 5)

	topic = "large bodies, ipc"
	for _, l := range []struct{ size, callers int }{{16 << 10, 64}, {1 << 20, fewCallers}, {1 << 20, 64}} {
		name, group := bodies(l.size, l.callers), fmt.Sprintf("ipc/%d/%d", l.size, l.callers)
		add(report.Aim{Text: name + ": bytes/s, to " + nRaw, Group: group, Series: nQuartet,
			Against: []string{nRaw}, Metric: stats.Rate, AtLeast: 0.8})
		most(name+": calls that failed", group, nQuartet, stats.Errors, 0)
		most(name+": memory of the instance", group, nQuartet, stats.ServerPeak, limitPeak)
	}

	topic = "fire-and-forget, 64 senders, 64 B"
	rate("sends/64", nSends, nSync, 1.2)

	topic = "peers alone, one way, 100 B"
	rate("oneway", nQuartet, nLibzmqC, 1.5)

	topic = "HTTP, wrk -c64"
	rate("http", nChiQuartet, nProxy, 3)
	rate("http", nChiQuartet, nChiGRPC, 2)
	rate("http", nChiQuartet, nPage, 0.55)

	topic = "scale"
	few := []string{instances(1), instances(2), instances(4), instances(8)}
	for _, name := range few {
		ofBest("instances", name, append([]string{instances(32)}, few...), 0.85)
	}
	ofBest("instances", instances(32), append([]string{instances(32)}, few...), 0.5)
	for _, n := range []int{1, 4, 16} {
		ofBest("apps", apps(n), []string{apps(1), apps(4), apps(16)}, 0.85)
	}
	topic = "open loop, 20,000 calls/s"
	time(stats.P99, "open", nRaw, 3)

	topic = "10,000 requests in flight"
	rate("flight", thousands(10_000), thousands(manyCallers), cliff)
	most("calls that failed", "flight", thousands(10_000), stats.Errors, 0)

	topic = "memory"
	most("an idle service", "memory", nIdle, stats.RSS, 12<<20)
	most("a peer, at the service", "memory", nPeer, stats.ServiceRSS, 300<<10)
	most("a waiting call, heap of the app", "memory", nWaiting, stats.Heap, 1<<10)

	topic = "allocations"
	most("a call, both sides (inproc, 64 callers)", "inproc/64/64", nQuartet, stats.Allocs, 25)
	return all
}

// panels are what the picture shows.
var panels = []report.Panel{
	{Group: "ipc/64/1", Title: "ipc, 64 B, 1 caller"},
	{Group: "ipc/64/64", Title: "ipc, 64 B, 64 callers"},
	{Group: "ipc/64/1024", Title: "ipc, 64 B, 1,024 callers"},
	{Group: "tcp/64/64", Title: "tcp, 64 B, 64 callers"},
	{Group: "ipc/1048576/64", Title: "ipc, 1 MiB, 64 callers"},
	{Group: "http", Title: "HTTP GET of 64 bytes, wrk -c64"},
}
