package report

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"quartet/bench/stats"
)

// Show writes a value of a metric for people.
func Show(m stats.Metric, v float64) string {
	switch m {
	case stats.P50, stats.P99, stats.Max:
		return micros(v)
	case stats.RSS, stats.Heap, stats.Stack, stats.ServiceRSS, stats.ServerPeak, stats.ClientPeak:
		return size(v)
	case stats.Allocs:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return count(v)
}

// count writes 215 k, 2.41 M or 980.
func count(v float64) string {
	switch {
	case v >= 1e6:
		return digits(v/1e6) + " M"
	case v >= 1e3:
		return digits(v/1e3) + " k"
	}
	return digits(v)
}

// micros writes a number of microseconds as 23.1 µs, 1.24 ms or 2.5 s.
func micros(v float64) string {
	switch {
	case v >= 1e6:
		return digits(v/1e6) + " s"
	case v >= 1e3:
		return digits(v/1e3) + " ms"
	}
	return digits(v) + " µs"
}

// size writes a number of bytes as 11.2 MiB, 300 KiB or 12 B.
func size(v float64) string {
	switch a := math.Abs(v); {
	case a >= 1<<20:
		return digits(v/(1<<20)) + " MiB"
	case a >= 1<<10:
		return digits(v/(1<<10)) + " KiB"
	}
	return digits(v) + " B"
}

// Size writes the size of a body: 64 B, 16 KiB, 1 MiB.
func Size(bytes int) string { return size(float64(bytes)) }

// digits writes three digits, or more where they are before the point.
func digits(v float64) string {
	a := math.Abs(v)
	switch {
	case a >= 100 || a == math.Trunc(a):
		return strconv.FormatFloat(v, 'f', 0, 64)
	case a >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 2, 64)
}

// Clock writes a duration as minutes and seconds.
func Clock(d time.Duration) string {
	s := int(d.Round(time.Second).Seconds())
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

func percent(part float64) string {
	if math.IsInf(part, 0) {
		return "?"
	}
	return strconv.FormatFloat(part*100, 'f', 0, 64) + " %"
}
