package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"quartet/bench/child"
	"quartet/bench/load"
	"quartet/bench/peer"
)

// stage holds the processes of a run. They end in the reverse order of their start.
type stage struct {
	all     []*child.Child
	servers []*child.Child
	clients []*child.Child
	addrs   []string // of the servers
}

func (s *stage) stop() {
	for _, c := range slices.Backward(s.all) {
		c.Stop()
	}
}

// assemble starts the processes of a run, which begin their work when they are told to go.
func (l *lab) assemble(s *stage, c cell) (load.Work, error) {
	instances, apps, longer := max(c.instances, 1), max(c.apps, 1), max(c.longer, 1)
	callers := c.callers / apps
	work := load.Work{Callers: callers, Size: c.size, Warm: l.warm, Time: l.time * time.Duration(longer), Rate: c.rate}
	setup := l.setup(c.transport, "")
	if c.transport != peer.Inproc {
		if err := l.startServers(s, &setup, c.peer, instances); err != nil {
			return work, err
		}
	}
	setup.Callers = callers
	for range apps {
		client, _, err := l.start(s, &job{Role: c.role, Peer: c.peer, Setup: setup, Addrs: s.addrs, Work: work})
		if err != nil {
			return work, err
		}
		s.clients = append(s.clients, client)
	}
	return work, nil
}

// start starts a child and waits until it is ready.
func (l *lab) start(s *stage, j *job) (*child.Child, string, error) {
	l.runs++
	if l.profile != "" && j.Peer == "quartet" {
		j.Profile = filepath.Join(l.profile, fmt.Sprintf("%04d-%s.pprof", l.runs, j.Role))
	}
	var under []string
	if l.trace != "" && j.Peer == "quartet" {
		under = strace(filepath.Join(l.trace, j.Role))
	}
	c, err := child.Start(j.Role+" "+j.Peer, j, under...)
	if err != nil {
		return nil, "", err
	}
	s.all = append(s.all, c)
	addr, err := c.Ready(startLimit)
	return c, addr, err
}

// startServers starts the side that answers, and a broker where the peer has one.
func (l *lab) startServers(s *stage, setup *peer.Setup, name string, instances int) error {
	p, err := peer.Named(name)
	if err != nil {
		return err
	}
	if _, ok := p.(peer.Broker); ok {
		if _, setup.Broker, err = l.start(s, &job{Role: "broker", Peer: name}); err != nil {
			return err
		}
	}
	for range instances {
		if setup.Dir, err = l.newDir(); err != nil {
			return err
		}
		c, addr, err := l.start(s, &job{Role: "server", Peer: name, Setup: *setup})
		if err != nil {
			return err
		}
		s.servers, s.addrs = append(s.servers, c), append(s.addrs, addr)
	}
	return nil
}
