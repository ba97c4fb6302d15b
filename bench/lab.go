package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"time"

	"quartet/bench/child"
	"quartet/bench/peer"
	"quartet/bench/stats"
	"quartet/bench/usage"
)

const (
	startLimit  = 30 * time.Second // until a process is ready
	resultLimit = 30 * time.Second // after the time that it was to work
)

// lab is where runs take place: a directory, keys, and how long a run is.
type lab struct {
	dir     string
	key     string
	files   peer.Files
	warm    time.Duration
	time    time.Duration
	profile string // a directory for CPU profiles of Quartet's processes; empty for none
	trace   string // a directory for what strace counts of Quartet's processes; empty for none
	runs    int    // so far, to name things
}

// newLab makes a lab. Its directory is short, for the path of a socket must be, and is to be removed with close.
func newLab(warm, time time.Duration, profile string) (*lab, error) {
	dir, err := os.MkdirTemp("", "qb")
	if err != nil {
		return nil, err
	}
	var key [32]byte
	_, _ = rand.Read(key[:]) // never fails
	l := &lab{dir: dir, key: hex.EncodeToString(key[:]), warm: warm, time: time, profile: profile}
	l.files, err = peer.NewCertificate(dir)
	return l, err
}

func (l *lab) close() error { return os.RemoveAll(l.dir) }

// newDir makes a directory for the sockets of one process.
func (l *lab) newDir() (string, error) { return os.MkdirTemp(l.dir, "") }

// beside is the path of another program of this module.
func (l *lab) beside(name string) string {
	exe, _ := os.Executable() // where it fails, the program will not be found either
	return filepath.Join(filepath.Dir(exe), name)
}

func (l *lab) setup(transport, broker string) peer.Setup {
	return peer.Setup{Transport: transport, Broker: broker, Key: l.key, Files: l.files}
}

// cell is what one run does: a peer, over a transport, under a load.
type cell struct {
	peer, transport string
	role            string // of the clients: calls, open or sends
	size, callers   int
	rate            float64 // open only
	instances, apps int     // 0 is 1
	longer          int     // times the usual time; 0 is 1
}

// run runs it once, in fresh processes.
func (l *lab) run(_ context.Context, c cell) (stats.Sample, error) {
	var s stage
	defer s.stop()
	work, err := l.assemble(&s, c)
	if err != nil {
		return nil, err
	}
	before, err := usages(s.servers)
	if err != nil {
		return nil, err
	}
	samples, err := results(s.clients, work.Warm+work.Time)
	if err != nil {
		return nil, err
	}
	after, err := usages(s.servers)
	if err != nil {
		return nil, err
	}
	sample := combine(samples)
	if _, counted := sample[stats.Allocs]; counted {
		sample[stats.Allocs] += float64(after.Since(before).Mallocs) / sample[stats.Calls]
	}
	sample[stats.ClientPeak] = highest(s.clients)
	if len(s.servers) > 0 {
		sample[stats.ServerPeak] = highest(s.servers)
	}
	return sample, nil
}

// usages adds up what processes have used until now.
func usages(of []*child.Child) (sum usage.Usage, err error) {
	for _, c := range of {
		var u usage.Usage
		if err := c.Ask(resultLimit, &u); err != nil {
			return sum, err
		}
		sum = sum.Plus(u)
	}
	return sum, nil
}

// results lets all clients begin at once and waits for what they measured.
func results(clients []*child.Child, work time.Duration) ([]stats.Sample, error) {
	for _, c := range clients {
		if err := c.Go(); err != nil {
			return nil, err
		}
	}
	samples := make([]stats.Sample, len(clients))
	for i, c := range clients {
		if err := c.Result(work+resultLimit, &samples[i]); err != nil {
			return nil, err
		}
	}
	return samples, nil
}

// combine makes one sample of those of clients that worked at the same time: rates add up, of times the median counts,
// of the rare ones the worst.
func combine(samples []stats.Sample) stats.Sample {
	if len(samples) == 1 {
		return samples[0]
	}
	all := stats.Sample{}
	for m := range samples[0] {
		values := stats.Values(samples, m)
		switch m {
		case stats.Rate, stats.Calls, stats.Errors:
			for _, v := range values {
				all[m] += v
			}
		case stats.P99, stats.Max:
			all[m] = slices.Max(values)
		default:
			all[m] = stats.Median(values)
		}
	}
	return all
}

// highest is the largest of some processes at their largest; 0 where the system does not tell.
func highest(processes []*child.Child) float64 {
	var most float64
	for _, c := range processes {
		_, peak, _ := c.Memory()
		most = max(most, peak)
	}
	return most
}
