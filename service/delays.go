package service

import (
	"math"
	"time"
)

// driftOf is the part by which two clocks may run apart: 500 µs in a second, what NTP may slew a clock by.
const driftOf = 2000

// delays tells how long the requests of a link lay in buffers on their way. The clocks of the two sides have nothing in
// common, so the least delay of the link stands for their difference. As clocks drift, it is forgotten slowly: otherwise a
// link that lives for days would charge the drift to every request.
type delays struct {
	known     bool
	least, at int64 // µs; the least delay, and until when it was forgotten
}

// excess is how much longer than the least a request was on its way. Both times are in µs.
func (d *delays) excess(arrived, sent int64) time.Duration {
	delay := minus(arrived, sent)
	if !d.known {
		d.known, d.least, d.at = true, delay, arrived
	}
	forgotten := (arrived - d.at) / driftOf // its own clock: it never goes back, and is small
	d.at += forgotten * driftOf
	if d.least < math.MaxInt64/2 {
		d.least += forgotten
	}
	d.least = min(d.least, delay)
	return micros(minus(delay, d.least))
}
