package main

import (
	"errors"
	"fmt"

	"quartet/bench/child"
	"quartet/bench/load"
	"quartet/bench/peer"
	"quartet/bench/stats"
	"quartet/bench/usage"
)

// serve tells the parent where a server is and keeps it until the parent wants no more.
func serve(s peer.Server, parent *child.Parent) error {
	if err := parent.Ready(s.Addr()); err != nil {
		return err
	}
	return errors.Join(tell(parent, usage.Now), s.Close())
}

// tell tells the parent what was used, as often as it says go, until it wants no more.
func tell(parent *child.Parent, used func() usage.Usage) error {
	for parent.AwaitGo() == nil {
		if err := parent.Result(used()); err != nil {
			return err
		}
	}
	return nil
}

func runBroker(j *job, parent *child.Parent) error {
	p, err := peer.Named(j.Peer)
	if err != nil {
		return err
	}
	b, ok := p.(peer.Broker)
	if !ok {
		return fmt.Errorf("%s has no broker", j.Peer)
	}
	s, err := b.Broker(j.Setup)
	if err != nil {
		return err
	}
	return serve(s, parent)
}

func runServer(j *job, parent *child.Parent) error {
	p, err := peer.Named(j.Peer)
	if err != nil {
		return err
	}
	s, err := p.Serve(j.Setup)
	if err != nil {
		return err
	}
	return serve(s, parent)
}

func runCalls(j *job, parent *child.Parent) error { return runClient(j, parent, load.Closed) }
func runOpen(j *job, parent *child.Parent) error  { return runClient(j, parent, load.Open) }

// runClient connects, waits for the word to go, and reports what the load measured. With inproc the server is in this
// process, too.
func runClient(j *job, parent *child.Parent, work func(peer.Client, load.Work) (stats.Sample, error)) error {
	p, err := peer.Named(j.Peer)
	if err != nil {
		return err
	}
	if j.Setup.Transport == peer.Inproc {
		s, err := p.Serve(j.Setup)
		if err != nil {
			return err
		}
		defer s.Close()
		j.Addrs = append(j.Addrs, s.Addr())
	}
	c, err := p.Dial(j.Setup, j.Addrs)
	if err != nil {
		return err
	}
	return errors.Join(measure(parent, func() (stats.Sample, error) { return work(c, j.Work) }), c.Close())
}

// measure waits for the word to go and reports what f finds, then what this process used for it.
func measure(parent *child.Parent, f func() (stats.Sample, error)) error {
	if err := parent.Ready(""); err != nil {
		return err
	}
	if err := parent.AwaitGo(); err != nil {
		return err
	}
	before := usage.Now()
	sample, err := f()
	if err != nil {
		return err
	}
	used := usage.Now().Since(before)
	if err := parent.Result(sample); err != nil {
		return err
	}
	return tell(parent, func() usage.Usage { return used }) // its memory may still be looked at, too
}

func runSends(j *job, parent *child.Parent) error {
	p, err := peer.Named(j.Peer)
	if err != nil {
		return err
	}
	s, ok := p.(peer.Sender)
	if !ok {
		return fmt.Errorf("%s does not send without waiting", j.Peer)
	}
	sender := load.NewSender(j.Work.Size)
	c, err := s.DialSender(j.Setup, j.Addrs, sender.Answered)
	if err != nil {
		return err
	}
	return errors.Join(measure(parent, func() (stats.Sample, error) { return sender.Run(c, j.Work) }), c.Close())
}

func runPull(j *job, parent *child.Parent) error {
	o, err := peer.Pull(j.Work.Size)
	if err != nil {
		return err
	}
	defer o.Close()
	if err := parent.Ready(o.Addr()); err != nil {
		return err
	}
	if err := parent.AwaitGo(); err != nil {
		return err
	}
	rate, err := o.Count(j.Work.Warm, j.Work.Time)
	if err != nil {
		return err
	}
	return parent.Result(stats.Sample{stats.Rate: rate})
}

// runPush sends until the parent wants no more, or the other side has gone.
func runPush(j *job, parent *child.Parent) error {
	gone := make(chan error, 1)
	go func() { gone <- peer.Push(j.Addrs[0], j.Work.Size) }()
	if err := parent.Ready(""); err != nil {
		return err
	}
	parent.AwaitEnd()
	select {
	case err := <-gone:
		return err
	default:
		return nil
	}
}
