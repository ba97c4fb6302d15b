package service

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"time"
)

// processName is what a process calls itself by default.
func processName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	return fmt.Sprintf("%s/%s/%d", host, filepath.Base(os.Args[0]), os.Getpid())
}

// newInstanceID is the random id of a client or a server.
func newInstanceID() string {
	var b [16]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

var started = time.Now()

// clock is in microseconds since the start of the process: only differences travel, and the wall clock jumps.
func clock() int64 { return clockAt(time.Now()) }

func clockAt(t time.Time) int64 { return t.Sub(started).Microseconds() }

// minus is a - b, or the end of the range beyond which that lies: the clocks of others show what they like.
func minus(a, b int64) int64 {
	switch {
	case b > 0 && a < math.MinInt64+b:
		return math.MinInt64
	case b < 0 && a > math.MaxInt64+b:
		return math.MaxInt64
	}
	return a - b
}

// micros makes a duration of microseconds, of which there are none or more.
func micros(n int64) time.Duration {
	return time.Duration(min(n, math.MaxInt64/int64(time.Microsecond))) * time.Microsecond
}
