// Package usage reads what this process has used since it began.
package usage

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// Usage is what a process has used, of all its threads together. What the system does not tell is 0.
type Usage struct {
	Mallocs  uint64        // allocations of Go
	Reads    uint64        // system calls that read, from sockets, too; those that found nothing count
	Writes   uint64        // system calls that write
	Switches uint64        // how often a thread went to sleep
	CPU      time.Duration // in the program and in the kernel
}

// Now reads what was used until now.
func Now() Usage {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	u := Usage{Mallocs: m.Mallocs}
	u.CPU, u.Switches = processor()
	text, _ := os.ReadFile("/proc/self/io") // Linux has it
	u.Reads, u.Writes = field(string(text), "syscr:"), field(string(text), "syscw:")
	return u
}

// Since is what was used since an earlier time.
func (u Usage) Since(before Usage) Usage {
	return Usage{
		Mallocs: u.Mallocs - before.Mallocs, Reads: u.Reads - before.Reads, Writes: u.Writes - before.Writes,
		Switches: u.Switches - before.Switches, CPU: u.CPU - before.CPU,
	}
}

// Plus adds what another process has used.
func (u Usage) Plus(other Usage) Usage {
	return Usage{
		Mallocs: u.Mallocs + other.Mallocs, Reads: u.Reads + other.Reads, Writes: u.Writes + other.Writes,
		Switches: u.Switches + other.Switches, CPU: u.CPU + other.CPU,
	}
}

// field reads a line such as "syscr: 1234".
func field(text, name string) (n uint64) {
	_, rest, _ := strings.Cut(text, name)
	_, _ = fmt.Sscan(rest, &n) // 0 where it is not there
	return n
}
