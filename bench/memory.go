package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"

	"quartet/bench/child"
	"quartet/bench/peer"
	"quartet/bench/stats"
	"quartet/handler"
	"quartet/service"
)

const (
	crowd    = 256                    // apps that connect to measure one
	waiting  = 2000                   // calls that wait to measure one
	settling = 600 * time.Millisecond // until a process is as large as it stays
)

// idleService is how much of a service that does nothing is in memory.
func (l *lab) idleService(context.Context) (stats.Sample, error) {
	idle, _, err := l.startIdle("")
	if err != nil {
		return nil, err
	}
	defer idle.Stop()
	time.Sleep(settling)
	now, _, err := idle.Memory()
	return stats.Sample{stats.RSS: now}, err
}

// onePeer is what each of many apps that connect and call once costs a service.
func (l *lab) onePeer(context.Context) (stats.Sample, error) {
	return l.growth("crowd", "")
}

// waitingCall is what each of many calls that wait costs the app, and the service where their handlers wait.
func (l *lab) waitingCall(context.Context) (stats.Sample, error) {
	return l.growth("waiters", "wide")
}

// growth starts an idle service and a child beside it. What the service grows by is divided by what the child says
// there is of it.
func (l *lab) growth(role, size string) (stats.Sample, error) {
	idle, addr, err := l.startIdle(size)
	if err != nil {
		return nil, err
	}
	defer idle.Stop()
	time.Sleep(settling)
	before, _, err := idle.Memory()
	if err != nil {
		return nil, err
	}
	c, err := child.Start(role, job{Role: role, Peer: "quartet", Setup: l.setup(peer.IPC, ""), Addrs: []string{addr}})
	if err != nil {
		return nil, err
	}
	defer c.Stop()
	if _, err := c.Ready(startLimit); err != nil {
		return nil, err
	}
	var found growth
	if err := c.Ask(startLimit, &found); err != nil {
		return nil, err
	}
	after, _, err := idle.Memory()
	found.Sample[stats.ServiceRSS] = (after - before) / float64(found.Of)
	return found.Sample, err
}

// growth is what a child of lab.growth reports.
type growth struct {
	Of     int          // apps, or calls
	Sample stats.Sample // of the child itself, for each of them
}

// startIdle starts the program idle, which lies beside this one.
func (l *lab) startIdle(size string) (*child.Child, string, error) {
	dir, err := l.newDir()
	if err != nil {
		return nil, "", err
	}
	cmd := exec.Command(l.beside("idle"), strings.Fields(dir+" "+size)...)
	cmd.Env = append(os.Environ(), "QUARTET_SECRET="+l.key)
	c, err := child.StartCommand("idle", cmd)
	if err != nil {
		return nil, "", err
	}
	addr, err := c.Ready(startLimit)
	if err != nil {
		c.Stop()
	}
	return c, addr, err
}

// runCrowd connects many clients, each of which calls once.
func runCrowd(j *job, parent *child.Parent) error {
	p, err := peer.Named(j.Peer)
	if err != nil {
		return err
	}
	if err := errors.Join(parent.Ready(""), parent.AwaitGo()); err != nil {
		return err
	}
	for range crowd {
		c, err := p.Dial(j.Setup, j.Addrs)
		if err != nil {
			return err
		}
		defer c.Close()
		if _, err := c.Call(context.Background(), 0, page); err != nil {
			return err
		}
	}
	time.Sleep(settling)
	if err := parent.Result(growth{crowd, stats.Sample{}}); err != nil {
		return err
	}
	parent.AwaitEnd()
	return nil
}

// runWaiters makes many calls that wait. Their goroutines are there before, since a caller has one in any case.
func runWaiters(j *job, parent *child.Parent) error {
	if err := errors.Join(parent.Ready(""), parent.AwaitGo()); err != nil {
		return err
	}
	client, err := waitersClient(j)
	if err != nil {
		return err
	}
	defer client.Close()
	ctx, cancel := context.WithCancel(context.Background())
	start := make(chan struct{})
	failed := make(chan error, waiting)
	var calls sync.WaitGroup
	defer calls.Wait()
	defer cancel()
	for range waiting {
		body := make([]byte, 64)
		calls.Go(func() {
			<-start
			_, err := client.Call(ctx, "bench", &handler.Request{Path: "/wait", Body: body})
			failed <- err
		})
	}
	before := usedNow()
	close(start)
	time.Sleep(settling)
	after := usedNow()
	select {
	case err := <-failed:
		return fmt.Errorf("a call did not wait: %w", err)
	default:
	}
	each := func(after, before uint64) float64 { return (float64(after) - float64(before)) / waiting }
	err = parent.Result(growth{waiting, stats.Sample{
		stats.Heap:  each(after.HeapAlloc, before.HeapAlloc),
		stats.Stack: each(after.StackInuse, before.StackInuse),
	}})
	parent.AwaitEnd()
	return err
}

func waitersClient(j *job) (*service.Client, error) {
	secret, err := service.ParseSecret([]byte(j.Setup.Key))
	if err != nil {
		return nil, err
	}
	client := service.NewClient(service.WithSecret(secret), service.WithTimeout(time.Minute))
	requests, responses, _ := strings.Cut(j.Addrs[0], " ")
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	return client, errors.Join(
		client.Register("bench", []service.Addr{{Requests: requests, Responses: responses, ServiceBinds: true}}),
		client.Ready(ctx, "bench"))
}

// usedNow reads what is in use once the garbage is gone.
func usedNow() runtime.MemStats {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what the first one freed of pools
	runtime.ReadMemStats(&m)
	return m
}
