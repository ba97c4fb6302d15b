// Package stats makes few numbers of many: medians, spreads, percentiles, and whether a second run would say the same.
package stats

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Metric names one figure of a run.
type Metric string

// The metrics.
const (
	Rate       Metric = "rate"       // calls, pages or messages per second
	P50        Metric = "p50"        // µs
	P99        Metric = "p99"        // µs
	Max        Metric = "max"        // µs
	Errors     Metric = "errors"     // calls that failed, which are in no other figure
	Calls      Metric = "calls"      // all that were made, those while it warmed up among them
	Allocs     Metric = "allocs"     // of Go, per call, of both sides; not those of a broker
	ServerPeak Metric = "serverPeak" // bytes: the highest RSS of the side that answers
	ClientPeak Metric = "clientPeak" // bytes: likewise of the side that asks
	RSS        Metric = "rss"        // bytes in memory of a process that is measured for it
	Heap       Metric = "heap"       // bytes in use, for each of many
	Stack      Metric = "stack"      // likewise
	ServiceRSS Metric = "serviceRss" // bytes that a service grew by, for each of many
)

// Tolerance is how far two runs may differ in a metric and still agree, as a part of the smaller.
func (m Metric) Tolerance() float64 {
	switch m {
	case P50:
		return 0.25
	case P99, Max:
		return 0.50
	}
	return 0.15
}

// Sample is what one run gave.
type Sample map[Metric]float64

// Values collects a metric of several runs, leaving out those that lack it.
func Values(samples []Sample, m Metric) []float64 {
	var values []float64
	for _, s := range samples {
		if v, ok := s[m]; ok {
			values = append(values, v)
		}
	}
	return values
}

// Ratios divides a metric of each run by that of the run beside it; what disturbed both is then left out of it. Runs
// where one of the two failed are left out, too.
func Ratios(a, b []Sample, m Metric) []float64 {
	var ratios []float64
	for i := range min(len(a), len(b)) {
		x, there := a[i][m]
		y := b[i][m]
		if there && y > 0 {
			ratios = append(ratios, x/y)
		}
	}
	return ratios
}

// Spread is the middle and the ends of some values.
type Spread struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
	N      int     `json:"n"`
}

// SpreadOf sums values up; of none it is zero.
func SpreadOf(values []float64) Spread {
	if len(values) == 0 {
		return Spread{}
	}
	return Spread{Median(values), slices.Min(values), slices.Max(values), len(values)}
}

// Median is the middle value, or the mean of the two there; 0 of none.
func Median(values []float64) float64 {
	n := len(values)
	if n == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// fewest is how many rounds it takes to judge the spread of their median.
const fewest = 3

// Disagreement estimates how far the medians of two runs like this one would be apart, as a part of the smaller: nine of
// ten pairs of runs would be closer. Each run is imagined by drawing as many values as there are, with replacement (the
// bootstrap). It is infinite where there are too few values to tell. The same values always give the same estimate.
func Disagreement(values []float64) float64 {
	switch {
	case len(values) < fewest:
		return math.Inf(1)
	case slices.Min(values) == slices.Max(values):
		return 0
	case slices.Min(values) <= 0:
		return math.Inf(1)
	}
	const pairs = 2000
	random := rand.New(rand.NewPCG(1, 2))
	drawn := make([]float64, len(values))
	draw := func() float64 {
		for i := range drawn {
			drawn[i] = values[random.IntN(len(values))]
		}
		return Median(drawn)
	}
	apart := make([]float64, pairs)
	for i := range apart {
		apart[i] = Apart(draw(), draw())
	}
	slices.Sort(apart)
	return apart[pairs*9/10]
}

// Apart is the difference of two values as a part of the smaller; infinite where that is not positive.
func Apart(a, b float64) float64 {
	switch {
	case a == b:
		return 0
	case min(a, b) <= 0:
		return math.Inf(1)
	}
	return max(a, b)/min(a, b) - 1
}
