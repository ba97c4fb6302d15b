package main

import (
	"fmt"
	"maps"
	"os"
	"runtime/pprof"
	"slices"

	"quartet/bench/child"
	"quartet/bench/load"
	"quartet/bench/peer"
)

// job is what a child process shall do.
type job struct {
	Role    string // a key of roles
	Peer    string
	Setup   peer.Setup
	Addrs   []string // of the servers to ask
	Work    load.Work
	Profile string // the file of a CPU profile; empty for none
}

// roles are what a child process can be.
var roles = map[string]func(*job, *child.Parent) error{
	"broker":  runBroker,
	"server":  runServer,
	"calls":   runCalls,
	"open":    runOpen,
	"sends":   runSends,
	"web":     runWeb,
	"pull":    runPull,
	"push":    runPush,
	"crowd":   runCrowd,
	"waiters": runWaiters,
}

// run does the job.
func (j *job) run(parent *child.Parent) error {
	role := roles[j.Role]
	if role == nil {
		return fmt.Errorf("no role %q, only %v", j.Role, slices.Sorted(maps.Keys(roles)))
	}
	if j.Profile == "" {
		return role(j, parent)
	}
	f, err := os.Create(j.Profile)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := pprof.StartCPUProfile(f); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	return role(j, parent)
}
