//go:build unix

package usage

import (
	"syscall"
	"time"
)

func processor() (cpu time.Duration, switches uint64) {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0, 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano()), uint64(r.Nvcsw)
}
