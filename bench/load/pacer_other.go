//go:build !linux

package load

import "time"

// schedule gives the times when calls are due, at those times or, as the runtime's timers are, a little later.
func schedule(rate float64, total int, due chan<- time.Time) error {
	began := time.Now()
	every := time.Duration(float64(time.Second) / rate)
	for n := 1; n <= total; n++ {
		at := began.Add(time.Duration(n) * every)
		time.Sleep(time.Until(at))
		due <- at
	}
	return nil
}
