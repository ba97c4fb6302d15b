package main

import (
	"fmt"
	"slices"

	"quartet/bench/report"
	"quartet/bench/stats"
)

// limitPeak is the memory that a process may take however large the bodies are, by the limits that ARCHITECTURE.md names:
// 64 MiB of frames under way, 64 MiB of large requests that wait or run, 256 MiB that wait to be written.
const limitPeak = (64 + 64 + 256) << 20

// cliff is what 10,000 requests in flight must keep of the rate of 1,024.
const cliff = 0.5

// aims are what Quartet is to reach. All ratios are of runs in turn.
var aims = slices.Concat(
	topic("64 callers, ipc, 64 B",
		rate("ipc/64/64", nQuartet, 6, nGRPC),
		rate("ipc/64/64", nQuartet, 3.5, nNATS),
		rate("ipc/64/64", nQuartet, 3.5, nLibzmq),
		rate("ipc/64/64", nQuartet, 1.3, nRaw),
	),
	topic("1,024 callers, ipc, 64 B",
		rate("ipc/64/1024", nQuartet, 2, nNATS),
		rate("ipc/64/1024", nQuartet, 1.5, nLibzmq),
		rate("ipc/64/1024", nQuartet, 6, nGRPC),
	),
	topic("1 caller, ipc, 64 B",
		latency(stats.P50, "ipc/64/1", 1.6, nRaw),
		latency(stats.P50, "ipc/64/1", 0.4, nGRPC),
	),
	topic("tcp with CURVE, 64 callers, 64 B",
		rate("tcp/64/64", nCurve, 0.7, nIPC),
		rate("tcp/64/64", nCurve, 4, nGRPCTCP),
		rate("tcp/64/64", nCurve, 5, nGRPCTLS),
	),
	topic("large bodies, ipc",
		large(16<<10, 64),
		large(1<<20, fewCallers),
		large(1<<20, 64),
	),
	topic("fire-and-forget, 64 senders, 64 B",
		rate("sends/64", nSends, 1.2, nSync),
	),
	topic("peers alone, one way, 100 B",
		rate("oneway", nQuartet, 1.5, nLibzmqC),
	),
	topic("HTTP, wrk -c64",
		rate("http", nChiQuartet, 3, nProxy),
		rate("http", nChiQuartet, 2, nChiGRPC),
		rate("http", nChiQuartet, 0.55, nPage),
	),
	topic("scale",
		ofBest("instances", 0.85, few, slices.Concat(few, many)),
		ofBest("instances", 0.5, many, slices.Concat(few, many)),
		ofBest("apps", 0.85, anyApps, anyApps),
	),
	topic("open loop, 20,000 calls/s",
		latency(stats.P99, "open", 3, nRaw),
	),
	topic("10,000 requests in flight",
		rate("flight", thousands(10_000), cliff, thousands(manyCallers)),
		most("calls that failed", "flight", thousands(10_000), stats.Errors, 0),
	),
	topic("memory",
		most("an idle service", "memory", nIdle, stats.RSS, 12<<20),
		most("a peer, at the service", "memory", nPeer, stats.ServiceRSS, 300<<10),
		most("a waiting call, heap of the app", "memory", nWaiting, stats.Heap, 1<<10),
	),
	topic("allocations of a call, both sides, 64 B",
		most("inproc, 64 callers", "inproc/64/64", nQuartet, stats.Allocs, 25),
		most("ipc, 64 callers", "ipc/64/64", nQuartet, stats.Allocs, 25),
		most("ipc, 1 caller", "ipc/64/1", nQuartet, stats.Allocs, 25),
	),
)

// Contestants of the groups about scale.
var (
	few     = []string{instances(1), instances(2), instances(4), instances(8)}
	many    = []string{instances(32)}
	anyApps = []string{apps(1), apps(4), apps(16)}
)

// topic puts aims under a heading.
func topic(name string, some ...[]report.Aim) []report.Aim {
	all := slices.Concat(some...)
	for i := range all {
		all[i].Topic = name
	}
	return all
}

// rate is at least so many times that of another.
func rate(group, series string, times float64, against string) []report.Aim {
	return []report.Aim{{
		Text: "rate, to " + against, Group: group, Series: series, Against: []string{against}, Metric: stats.Rate, AtLeast: times,
	}}
}

// latency is at most so many times that of another.
func latency(m stats.Metric, group string, times float64, against string) []report.Aim {
	return []report.Aim{{
		Text: string(m) + ", to " + against, Group: group, Series: nQuartet, Against: []string{against}, Metric: m, AtMost: times,
	}}
}

// most bounds the metric itself.
func most(text, group, series string, m stats.Metric, bound float64) []report.Aim {
	return []report.Aim{{Text: text, Group: group, Series: series, Metric: m, AtMost: bound}}
}

// ofBest wants of each series at least that part of the rate of the best.
func ofBest(group string, part float64, series, of []string) []report.Aim {
	var all []report.Aim
	for _, s := range series {
		all = append(all, report.Aim{Text: s + ", to the best", Group: group, Series: s, Against: of, Metric: stats.Rate, AtLeast: part})
	}
	return all
}

// large wants the rate of large bodies beside raw sockets, all of them answered, and memory within the limits.
func large(size, callers int) []report.Aim {
	name, group := bodies(size, callers), fmt.Sprintf("ipc/%d/%d", size, callers)
	aims := slices.Concat(
		rate(group, nQuartet, 0.8, nRaw), // of bytes, too, for both have the same size
		most("calls that failed", group, nQuartet, stats.Errors, 0),
		most("memory of the instance", group, nQuartet, stats.ServerPeak, limitPeak),
		most("memory of the app", group, nQuartet, stats.ClientPeak, limitPeak),
	)
	for i := range aims {
		aims[i].Text = name + ": " + aims[i].Text
	}
	return aims
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
