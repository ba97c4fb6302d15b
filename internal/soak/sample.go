package main

import (
	"bytes"
	"os"
	"runtime"
	"slices"
	"strconv"
	"time"
)

// sample is what one process holds.
type sample struct {
	Goroutines  int
	Descriptors int
	Heap        int // bytes in use after a collection
	RSS         int // bytes in memory; 0 where the system does not tell
}

// takeSample looks several times, for calls come and go meanwhile, and keeps the middle.
func takeSample() sample {
	const looks, pause = 9, 5 * time.Millisecond
	var goroutines, descriptors []int
	for range looks {
		goroutines = append(goroutines, runtime.NumGoroutine())
		descriptors = append(descriptors, openDescriptors())
		<-time.After(pause)
	}
	runtime.GC()
	runtime.GC() // the first one keeps what pools held
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return sample{middle(goroutines), middle(descriptors), int(m.HeapAlloc), residentSet()}
}

func middle(values []int) int {
	slices.Sort(values)
	return values[len(values)/2]
}

func openDescriptors() int {
	dir, err := os.Open("/dev/fd")
	if err != nil {
		return 0
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	return len(names) - 1 // the one that looks
}

func residentSet() int {
	text, err := os.ReadFile("/proc/self/statm")
	fields := bytes.Fields(text)
	if err != nil || len(fields) < 2 {
		return 0
	}
	n, err := strconv.Atoi(string(fields[1]))
	if err != nil {
		return 0
	}
	return n * os.Getpagesize()
}
