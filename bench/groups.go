package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"quartet/bench/peer"
	"quartet/bench/report"
	"quartet/bench/stats"
)

func (p *planner) ipc(size, callers int, which ...string) group {
	return group{
		id: fmt.Sprintf("ipc/%d/%d", size, callers), title: "ipc, " + bodies(size, callers), unit: "calls", size: size,
		contestants: p.peers(cell{transport: peer.IPC, role: calls, size: size, callers: callers}, which...),
	}
}

func bodies(size, callers int) string {
	s := "s"
	if callers == 1 {
		s = ""
	}
	return fmt.Sprintf("%s, %s caller%s", report.Size(size), thousands(callers), s)
}

func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d,%03d", n/1000, n%1000)
}

func (p *planner) tcp(size, callers int) group {
	b := func(name, peerName, transport string) contestant {
		return p.cell(name, cell{peer: peerName, transport: transport, role: calls, size: size, callers: callers})
	}
	return group{
		id: fmt.Sprintf("tcp/%d/%d", size, callers), title: "tcp, " + bodies(size, callers), unit: "calls", size: size,
		contestants: []contestant{
			b(nCurve, "quartet", peer.TCP), b(nTLS, "quartet", peer.TLS), b(nIPC, "quartet", peer.IPC),
			b(nRawTCP, "raw", peer.TCP), b(nGRPCTCP, "grpc", peer.TCP), b(nGRPCTLS, "grpc", peer.TLS),
		},
	}
}

func (p *planner) inproc(size, callers int) group {
	return group{
		id: fmt.Sprintf("inproc/%d/%d", size, callers), title: "inproc, " + bodies(size, callers), unit: "calls", size: size,
		contestants: p.peers(cell{transport: peer.Inproc, role: calls, size: size, callers: callers}, "quartet"),
	}
}

func (p *planner) sends(size int) group {
	b := func(name, role string, callers int) contestant {
		return p.cell(name, cell{peer: "quartet", transport: peer.IPC, role: role, size: size, callers: callers})
	}
	return group{
		id:    fmt.Sprintf("sends/%d", size),
		title: fmt.Sprintf("fire-and-forget, executed and answered: ipc, %s, 64 senders", report.Size(size)),
		unit:  "calls", size: size,
		contestants: []contestant{b(nSends, sends, 64), b(nSync, calls, 64), b(nSyncMany, calls, manyCallers)},
	}
}

func (p *planner) web() group {
	g := group{id: "http", title: "HTTP GET of 64 bytes, wrk -c64", unit: "pages"}
	if _, err := exec.LookPath("wrk"); err != nil {
		p.note("no HTTP: wrk is not installed")
		return g
	}
	add := func(name, behind string) {
		g.contestants = append(g.contestants, contestant{name, func(ctx context.Context) (stats.Sample, error) {
			return p.lab.runHTTP(ctx, behind)
		}})
	}
	add(nChiQuartet, "quartet")
	add(nPage, behindNothing)
	add(nProxy, behindProxy)
	add(nChiGRPC, "grpc")
	add(nChiNATS, "nats")
	return g
}

func (p *planner) openLoop() group {
	c := cell{transport: peer.IPC, role: open, size: 64, callers: openCallers, rate: openRate, longer: 3}
	return group{
		id: "open", title: "open loop: 20,000 calls/s whatever comes back, ipc, 64 B; times since each was due", unit: "calls", size: 64,
		contestants: p.peers(c, "quartet", "raw", "grpc", "nats", "libzmq"),
	}
}

func (p *planner) instances() group {
	g := group{id: "instances", title: "1,024 callers of one app against so many instances, ipc, 64 B", unit: "calls", size: 64}
	for _, n := range []int{1, 2, 4, 8, 32} {
		g.contestants = append(g.contestants, p.cell(instances(n),
			cell{peer: "quartet", transport: peer.IPC, role: calls, size: 64, callers: manyCallers, instances: n}))
	}
	return g
}

func instances(n int) string { return strings.TrimSuffix(fmt.Sprintf("%d instances", n), plural(n)) }
func apps(n int) string      { return strings.TrimSuffix(fmt.Sprintf("%d apps", n), plural(n)) }

// plural is what to take away from a plural for it to fit the number.
func plural(n int) string {
	if n == 1 {
		return "s"
	}
	return ""
}

func (p *planner) apps() group {
	g := group{id: "apps", title: "1,024 callers in so many apps against one instance, ipc, 64 B", unit: "calls", size: 64}
	for _, n := range []int{1, 4, 16} {
		g.contestants = append(g.contestants, p.cell(apps(n),
			cell{peer: "quartet", transport: peer.IPC, role: calls, size: 64, callers: manyCallers, apps: n}))
	}
	return g
}

// flight has eight instances, so that their windows, 2,048 each, have room for all.
func (p *planner) flight() group {
	g := group{id: "flight", title: "so many requests in flight, from one app to 8 instances, ipc, 64 B", unit: "calls", size: 64}
	for _, n := range []int{10_000, manyCallers} {
		g.contestants = append(g.contestants, p.cell(thousands(n),
			cell{peer: "quartet", transport: peer.IPC, role: calls, size: 64, callers: n, instances: 8}))
	}
	return g
}

func (p *planner) oneWay() group {
	g := group{
		id: "oneway", title: "one way, tcp without encryption, 100 B: Quartet's peers alone", unit: "messages",
		contestants: []contestant{{nQuartet, p.lab.runOneWay}},
	}
	if _, err := os.Stat(p.lab.beside("oneway")); err != nil {
		p.note("no libzmq in C: the program oneway does not lie beside this one")
		return g
	}
	g.contestants = append(g.contestants, contestant{nLibzmqC, p.lab.runOneWayC})
	return g
}

func (p *planner) memory() group {
	return group{id: "memory", title: "memory: what is resident, with a key as the secret", contestants: []contestant{
		{nIdle, p.lab.idleService}, {nPeer, p.lab.onePeer}, {nWaiting, p.lab.waitingCall},
	}}
}
