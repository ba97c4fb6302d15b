package transport

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/matryer/is"
)

// wireTargets names what a child process of these tests is to annoy.
const wireTargets = "QUARTET_TEST_TARGETS"

// wireChild runs the calling test in a process of its own, so that what is measured here is the binder's alone.
func wireChild(t testing.TB, addr Addr) (wait func() (string, error)) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.count=1", "-test.timeout=60s")
	cmd.Env = append(os.Environ(), wireTargets+"="+addr.Requests.String()+" "+addr.Responses.String())
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	tlsNoErr(t, cmd.Start())
	ended := false
	wait = func() (string, error) {
		err := cmd.Wait()
		ended = true
		if err != nil {
			err = fmt.Errorf("the child: %w\n%s", err, said.String())
		}
		return said.String(), err
	}
	t.Cleanup(func() {
		if !ended {
			cmd.Process.Kill()
			cmd.Wait()
		}
	})
	return wait
}

// wireTargetsOf is what a child finds; ok is false in the parent.
func wireTargetsOf(t testing.TB) (addr Addr, ok bool) {
	t.Helper()
	a, b, ok := strings.Cut(os.Getenv(wireTargets), " ")
	if !ok {
		return Addr{}, false
	}
	addr, err := ParseAddr(a, b)
	tlsNoErr(t, err)
	return addr, true
}

// wireStall notes how long this process was kept from running, at worst.
func wireStall() (worst func() time.Duration) {
	const every = 5 * time.Millisecond
	var most atomic.Int64
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		last := time.Now()
		for {
			select {
			case <-time.After(every):
				now := time.Now()
				most.Store(max(most.Load(), int64(now.Sub(last)-every)))
				last = now
			case <-stop:
				return
			}
		}
	}()
	return func() time.Duration {
		close(stop)
		<-done
		return time.Duration(most.Load())
	}
}

func wireDescriptors(t testing.TB) int {
	t.Helper()
	names, err := os.ReadDir("/dev/fd") // Linux and macOS
	tlsNoErr(t, err)
	return len(names)
}

func wireCPU(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	tlsNoErr(t, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

const (
	floodTime    = 10 * time.Second
	floodSilent  = 500
	floodGarbage = 100
	floodRate    = 1000 // connects a second
)

// flood is what the child does. Each connection is held until the binder cuts it or the flood ends.
func flood(addr Addr) (connects int) {
	end := make(chan struct{})
	var open sync.WaitGroup
	var made atomic.Int64
	connect := func(i int, words []byte) {
		c, err := net.DialTimeout("tcp", addr.endpoint(linkKind(i%2)).hostPort(), time.Second)
		if err != nil {
			return
		}
		defer c.Close()
		made.Add(1)
		c.Write(words)
		open.Go(func() {
			<-end
			c.Close()
		})
		io.Copy(io.Discard, c)
	}
	for i := range floodSilent {
		open.Go(func() { connect(i, nil) })
	}
	for i := range floodGarbage {
		open.Go(func() { connect(i, bytes.Repeat([]byte("\x00garbage"), 100)) })
	}
	const each = 10 * time.Millisecond
	tick := time.NewTicker(each)
	defer tick.Stop()
	began, sent := time.Now(), 0
	for time.Since(began) < floodTime {
		<-tick.C
		for due := int(time.Since(began).Seconds() * floodRate); sent < due; sent++ {
			open.Go(func() { connect(sent, wireGreeting("CURVE")[:sent%3*greetingSize/2]) })
		}
	}
	connects = int(made.Load())
	close(end)
	open.Wait()
	return connects
}

func TestTimedFloodOverTCP(t *testing.T) {
	is := is.New(t)
	if addr, ok := wireTargetsOf(t); ok {
		fmt.Println("connects:", flood(addr))
		return
	}
	l := wireListen(t, wireAddr(t, schemeTCP, "127.0.0.1"), Instance)
	serve := func(p *wirePeer) { // answers the first words
		select {
		case words := <-p.got:
			p.Send(words)
		case <-p.Done():
		}
	}
	try := func() time.Duration { // until it is served: where it is cut, it dials again
		began := time.Now()
		d := wireDial(t, l.addr, App)
		defer d.close()
		for {
			p := d.peer()
			p.Send([]byte("hello over there"))
			select {
			case <-p.got:
				took := time.Since(began)
				d.close()
				p.Close()
				wireRecv(t, p.Done(), "the end of an honest peer")
				return took
			case <-p.Done():
			}
		}
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	var serving sync.WaitGroup
	go func() {
		defer close(stopped)
		for {
			select {
			case p := <-l.peers:
				serving.Go(func() { serve(p) })
			case <-stop:
				return
			}
		}
	}()
	try() // what is made once is made
	runtime.GC()
	descriptors, goroutines, cpu := wireDescriptors(t), runtime.NumGoroutine(), wireCPU(t)

	began, worst := time.Now(), wireStall()
	wait := wireChild(t, l.addr)
	var tries []time.Duration
	for pause := time.NewTicker(50 * time.Millisecond); time.Since(began) < floodTime; <-pause.C {
		tries = append(tries, try())
	}
	said, err := wait()
	is.NoErr(err)
	stall := worst()
	wall := time.Since(began)
	cpu = wireCPU(t) - cpu

	ended := time.Now()
	wireEventually(t, "descriptors and goroutines are back", func() bool {
		return wireDescriptors(t) <= descriptors && runtime.NumGoroutine() <= goroutines
	})
	back := time.Since(ended)
	close(stop)
	<-stopped
	serving.Wait()

	connects := 0
	_, err = fmt.Sscanf(said[strings.Index(said, "connects:"):], "connects: %d", &connects)
	is.NoErr(err)
	slices.Sort(tries)
	p95 := tries[len(tries)*95/100]
	t.Logf("%d connects; %d honest tries: p50 %v, p95 %v, worst %v; worst stall %v; %.2f cores; back after %v",
		connects, len(tries), tries[len(tries)/2], p95, tries[len(tries)-1], stall, cpu.Seconds()/wall.Seconds(), back)
	is.True(connects >= int(floodTime.Seconds())*floodRate*9/10) // it was a flood
	is.True(len(tries) >= 20)                                    // enough to judge
	is.True(p95 <= 200*time.Millisecond+stall)                   // an honest peer connects and is served
	is.True(back <= 5*time.Second)                               // nothing leaks
	is.True(cpu.Seconds() < wall.Seconds()/2)                    // less than half a core
}

func TestAllocStrangersOverTCP(t *testing.T) {
	is := is.New(t)
	if addr, ok := wireTargetsOf(t); ok {
		_, err := annoy(addr.Requests)
		is.NoErr(err) // each was cut off in time
		return
	}
	l := wireListen(t, wireAddr(t, schemeTCP, "127.0.0.1"), Instance)
	d := wireDial(t, l.addr, App)
	bound, dialled := l.peer(), d.peer()
	wireTalk(t, bound, dialled)
	runtime.GC()
	runtime.GC()
	before := wireHeap()
	done := make(chan error, 1)
	wait := wireChild(t, l.addr)
	go func() {
		_, err := wait()
		done <- err
	}()
	peak := before
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for sampling := true; sampling; {
		select {
		case <-tick.C:
			peak = max(peak, wireHeap())
		case err := <-done:
			is.NoErr(err)
			sampling = false
		}
	}
	wireTalk(t, bound, dialled) // served all the while
	t.Logf("the heap grew by at most %d KiB", (peak-before)>>10)
	is.True(peak-before <= 8<<20) // what strangers can make us hold
}

func wireHeap() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
