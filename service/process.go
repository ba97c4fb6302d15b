package service

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
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
func clock() int64 { return time.Since(started).Microseconds() }
