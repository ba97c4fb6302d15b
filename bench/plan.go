package main

import (
	"context"
	"slices"

	"quartet/bench/peer"
	"quartet/bench/stats"
)

// group is a set of contestants that are run in turn: each once, then each once again.
type group struct {
	id, title, unit string
	size            int // of a body
	contestants     []contestant
}

type contestant struct {
	name string
	run  func(context.Context) (stats.Sample, error)
}

// Roles of clients.
const (
	calls = "calls"
	open  = "open"
	sends = "sends"
)

const (
	openRate    = 20_000 // calls per second, open loop
	openCallers = 256    // so that a stall of 10 ms finds one free
	manyCallers = 1024
	fewCallers  = 16  // whose bodies of 1 MiB fit into a window
	oneWaySize  = 100 // bytes of a message that goes one way
)

// Names of contestants.
const (
	nQuartet    = "Quartet"
	nRaw        = "raw echo"
	nGRPC       = "gRPC-go"
	nNATS       = "NATS micro"
	nLibzmq     = "libzmq, cgo"
	nNetRPC     = "net/rpc"
	nZMQ4       = "zmq4 sockets"
	nCurve      = "Quartet, CURVE"
	nTLS        = "Quartet, TLS"
	nIPC        = "Quartet, ipc"
	nRawTCP     = "raw echo, tcp"
	nGRPCTCP    = "gRPC-go, tcp"
	nGRPCTLS    = "gRPC-go, TLS"
	nSends      = "sent"
	nSync       = "called"
	nSyncMany   = "called, 1,024"
	nPage       = "in process"
	nProxy      = "ReverseProxy"
	nChiGRPC    = "chi + gRPC-go"
	nChiNATS    = "chi + NATS micro"
	nChiQuartet = "chi + Quartet"
	nLibzmqC    = "libzmq in C"
	nIdle       = "idle service"
	nPeer       = "a peer"
	nWaiting    = "a waiting call"
)

// planner makes the groups of a form of the program.
type planner struct {
	lab   *lab
	notes []string
}

// quick is what fits into two minutes: what the aims are about, as far as it does. Five rounds of each take most of it.
func (p *planner) quick() []group {
	return []group{
		p.ipc(64, 1, "quartet", "raw", "grpc"),
		p.ipc(64, 64, "quartet", "raw", "grpc", "nats", "libzmq"),
		p.ipc(64, manyCallers, "quartet", "raw", "grpc", "nats", "libzmq"),
		p.tcp(64, 64).only(nCurve, nIPC, nGRPCTCP, nGRPCTLS),
		p.sends(64).only(nSends, nSync),
		p.web().only(nChiQuartet, nPage, nProxy, nChiGRPC),
		p.oneWay(),
		p.memory(),
	}
}

// only leaves those contestants that are named.
func (g group) only(names ...string) group {
	g.contestants = slices.DeleteFunc(slices.Clone(g.contestants), func(c contestant) bool { return !slices.Contains(names, c.name) })
	return g
}

// full is everything.
func (p *planner) full() []group {
	var groups []group
	each := func(make func(size, callers int) group) {
		for _, size := range []int{64, 1 << 10, 16 << 10, 1 << 20} {
			callers := []int{1, 64, manyCallers}
			if size == 1<<20 {
				callers = []int{1, fewCallers, 64} // 1,024 of them with 1 MiB each: no peer is meant for it, nor is the memory
			}
			for _, n := range callers {
				groups = append(groups, make(size, n))
			}
		}
	}
	each(func(size, callers int) group {
		return p.ipc(size, callers, "quartet", "raw", "grpc", "nats", "libzmq", "netrpc", "zmq4")
	})
	each(p.tcp)
	each(p.inproc)
	return append(groups, p.sends(64), p.sends(16<<10), p.web(), p.openLoop(), p.instances(), p.apps(), p.flight(), p.oneWay(), p.memory())
}

// cell makes a contestant of a cell.
func (p *planner) cell(name string, c cell) contestant {
	return contestant{name, func(ctx context.Context) (stats.Sample, error) { return p.lab.run(ctx, c) }}
}

// names of peers as contestants, in the order in which they are shown.
var names = map[string]string{
	"quartet": nQuartet, "raw": nRaw, "grpc": nGRPC, "nats": nNATS, "libzmq": nLibzmq, "netrpc": nNetRPC, "zmq4": nZMQ4,
}

// peers makes contestants of those peers that are compiled in.
func (p *planner) peers(c cell, which ...string) []contestant {
	var all []contestant
	for _, name := range which {
		if !peer.Has(name) {
			p.note("no " + names[name] + ": the program was built without the tag libzmq")
			continue
		}
		c.peer = name
		all = append(all, p.cell(names[name], c))
	}
	return all
}

// note is taken once.
func (p *planner) note(text string) {
	if !slices.Contains(p.notes, text) {
		p.notes = append(p.notes, text)
	}
}
