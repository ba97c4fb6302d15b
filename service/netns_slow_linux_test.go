package service_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// linkFaults is what a cable does to packets, both ways.
type linkFaults struct {
	delay, jitter time.Duration
	loss          float64 // probability
	rate          int     // bytes a second; 0: as fast as it goes
}

// slowable puts a cable between the two hosts that can be made slow, and says how that is done: by netem where the kernel has
// it, else by this process, between two TUN devices. Where there is neither, the cable can only be cut.
func (h *farHost) slowable() (set func(linkFaults)) {
	h.t.Helper()
	out, err := exec.Command("tc", strings.Fields("qdisc add dev cable root netem delay 0ms")...).CombinedOutput()
	if err == nil {
		h.t.Log("the cable is made slow by netem")
		return h.netem
	}
	h.t.Logf("this kernel has no netem (%v: %s)", err, strings.TrimSpace(string(out)))
	near, err := openTun("near")
	if err != nil {
		h.t.Logf("and no TUN device (%v): the cable cannot be made slow here, only cut", err)
		return nil
	}
	h.t.Log("the cable is made slow by this process, between two TUN devices")
	far, err := openTun("far")
	tcpNoErr(h.t, err)
	sh(h.t, "ip link del cable") // the far end goes with it
	sh(h.t, "ip link set near name cable")
	sh(h.t, fmt.Sprint("ip link set far netns ", h.pid, " name cable"))
	sh(h.t, "ip addr add "+appHost+"/24 dev cable")
	sh(h.t, "ip link set cable up")
	var c slowCable
	var ends sync.WaitGroup
	ends.Go(func() { c.carry(near, far) })
	ends.Go(func() { c.carry(far, near) })
	h.t.Cleanup(func() {
		near.Close()
		far.Close()
		ends.Wait()
	})
	return func(f linkFaults) { c.faults.Store(&f) }
}

func (h *farHost) netem(f linkFaults) {
	h.t.Helper()
	line := fmt.Sprintf("tc qdisc replace dev cable root netem delay %dus %dus loss %f%%", f.delay.Microseconds(), f.jitter.Microseconds(), 100*f.loss)
	if f.rate > 0 {
		line += fmt.Sprintf(" rate %dbit", 8*f.rate)
	}
	sh(h.t, line)
	h.do(line)
}

// openTun makes a network device whose packets are read and written by this process. It stays so in whatever network
// namespace the device is put.
func openTun(name string) (*os.File, error) {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	request, err := unix.NewIfreq(name)
	if err == nil {
		request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
		err = unix.IoctlIfreq(fd, unix.TUNSETIFF, request)
	}
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), name), nil
}

// slowCable carries packets between two devices, in their order. The zero value does it at once.
type slowCable struct {
	faults atomic.Pointer[linkFaults]
}

type packet struct {
	bytes []byte
	at    time.Time // to be delivered
}

// slowQueue is how long packets wait for a slow cable; who comes then is dropped.
const slowQueue = 300 * time.Millisecond

// carry is one direction. It ends when the device is closed that it reads.
func (c *slowCable) carry(from, to *os.File) {
	under := make(chan packet, 4096)
	defer close(under)
	go func() {
		for p := range under {
			<-time.After(time.Until(p.at))
			to.Write(p.bytes) // a device that is down takes nothing, as a cable that is cut
		}
	}()
	var free, last time.Time
	for buf := make([]byte, 1<<16); ; {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		f := linkFaults{}
		if set := c.faults.Load(); set != nil {
			f = *set
		}
		at := time.Now()
		if f.rate > 0 {
			if free.Sub(at) > slowQueue {
				continue
			}
			free = latest(free, at).Add(time.Duration(n) * time.Second / time.Duration(f.rate))
			at = free
		}
		if rand.Float64() < f.loss {
			continue
		}
		last = latest(last, at.Add(f.delay+rand.N(f.jitter+1)))
		select {
		case under <- packet{append([]byte(nil), buf[:n]...), last}:
		default:
		}
	}
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
