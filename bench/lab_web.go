package main

import (
	"context"
	"fmt"
	"os/exec"
	"strconv"

	"quartet/bench/child"
	"quartet/bench/load"
	"quartet/bench/peer"
	"quartet/bench/stats"
)

// runHTTP fetches a page that stands behind a web process: nothing, a proxy, or a peer.
func (l *lab) runHTTP(ctx context.Context, behind string) (stats.Sample, error) {
	var s stage
	defer s.stop()
	setup := l.setup(peer.IPC, "")
	var err error
	switch behind {
	case behindNothing:
	case behindProxy:
		var page string
		_, page, err = l.start(&s, &job{Role: "web", Peer: behindNothing})
		s.addrs = []string{page}
	default:
		err = l.startServers(&s, &setup, behind, 1)
	}
	if err != nil {
		return nil, err
	}
	_, url, err := l.start(&s, &job{Role: "web", Peer: behind, Setup: setup, Addrs: s.addrs})
	if err != nil {
		return nil, err
	}
	return load.HTTP(ctx, url+pagePath, page, l.warm, l.time)
}

// runOneWay lets Quartet's peers send one way.
func (l *lab) runOneWay(context.Context) (stats.Sample, error) {
	var s stage
	defer s.stop()
	work := load.Work{Size: oneWaySize, Warm: l.warm, Time: l.time}
	pull, addr, err := l.start(&s, &job{Role: "pull", Peer: "quartet", Work: work})
	if err != nil {
		return nil, err
	}
	if _, _, err := l.start(&s, &job{Role: "push", Peer: "quartet", Addrs: []string{addr}, Work: work}); err != nil {
		return nil, err
	}
	samples, err := results([]*child.Child{pull}, l.warm+l.time)
	if err != nil {
		return nil, err
	}
	return samples[0], nil
}

// runOneWayC lets libzmq do the same, in the C program oneway, which lies beside this one.
func (l *lab) runOneWayC(ctx context.Context) (stats.Sample, error) {
	ctx, cancel := context.WithTimeout(ctx, l.warm+l.time+resultLimit)
	defer cancel()
	pull := exec.CommandContext(ctx, l.beside("oneway"), "pull", strconv.Itoa(oneWaySize),
		strconv.FormatInt(l.warm.Milliseconds(), 10), strconv.FormatInt(l.time.Milliseconds(), 10))
	out, err := pull.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := pull.Start(); err != nil {
		return nil, err
	}
	defer func() { _ = pull.Wait() }()
	defer cancel()
	var endpoint string
	if _, err := fmt.Fscan(out, &endpoint); err != nil {
		return nil, fmt.Errorf("oneway pull: %w", err)
	}
	push := exec.CommandContext(ctx, l.beside("oneway"), "push", strconv.Itoa(oneWaySize), endpoint)
	if err := push.Start(); err != nil {
		return nil, err
	}
	defer func() { _ = push.Wait() }()
	defer cancel()
	var messages, nanoseconds float64
	if _, err := fmt.Fscan(out, &messages, &nanoseconds); err != nil {
		return nil, fmt.Errorf("oneway pull: %w", err)
	}
	return stats.Sample{stats.Rate: messages / (nanoseconds / 1e9)}, nil
}
