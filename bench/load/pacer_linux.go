package load

import (
	"encoding/binary"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// schedule gives the times when calls are due, at those times. A timer of the kernel wakes it through the poller, as
// sockets are woken; the runtime's own timers would be up to a millisecond late while a process is idle.
func schedule(rate float64, total int, due chan<- time.Time) error {
	every := time.Duration(float64(time.Second) / rate)
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return err
	}
	timer := os.NewFile(uintptr(fd), "timer")
	defer timer.Close()
	step := unix.NsecToTimespec(int64(every))
	if err := unix.TimerfdSettime(fd, 0, &unix.ItimerSpec{Interval: step, Value: step}, nil); err != nil {
		return err
	}
	began := time.Now()
	var ticks [8]byte
	for n := 0; n < total; {
		if _, err := timer.Read(ticks[:]); err != nil {
			return err
		}
		for range min(int(binary.NativeEndian.Uint64(ticks[:])), total-n) {
			n++
			due <- began.Add(time.Duration(n) * every)
		}
	}
	return nil
}
