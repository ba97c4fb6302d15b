package faults_test

import (
	"sync"
	"time"
)

// pour calls one so many times a second, each in a goroutine of its own, whatever becomes of those before. stop ends it and
// waits for the last.
func pour(rate int, one func()) (stop func()) {
	end := make(chan struct{})
	var ended, calls sync.WaitGroup
	ended.Go(func() {
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		began := time.Now()
		for n := 0; ; {
			select {
			case <-end:
				return
			case <-tick.C:
			}
			for due := int(time.Since(began).Seconds() * float64(rate)); n < due; n++ {
				calls.Go(one)
			}
		}
	})
	return func() {
		close(end)
		ended.Wait()
		calls.Wait()
	}
}

// pass lets time pass, for a fault or for what comes after it.
func pass(d time.Duration) { <-time.After(d) }
