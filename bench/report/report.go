// Package report holds what the program found and shows it: as a table, as JSON, as a picture, against the aims, and
// beside another run.
package report

import (
	"math"
	"os"
	"runtime"
	"strings"
	"time"

	"quartet/bench/stats"
)

// Run is everything that one run of the program found.
type Run struct {
	Form    string        // quick or full
	Began   time.Time     //
	Took    time.Duration //
	Machine Machine
	Rounds  int
	Warm    time.Duration // before a measurement
	Time    time.Duration // of a measurement
	Notes   []string      // what was left out, and why
	Groups  []Group
}

// Group holds what was run in turn and may be compared. Its first series is what the others are set against.
type Group struct {
	ID     string
	Title  string
	Unit   string // of what the rate counts, such as calls
	Size   int    // bytes of a body; 0 where that says nothing
	Series []Series
}

// Series holds the runs of one contestant. A run that failed is an empty Sample, so that round stands beside round.
type Series struct {
	Name     string
	Samples  []stats.Sample
	Failures []string
}

// Machine says where it ran.
type Machine struct {
	CPU    string
	Cores  int
	Kernel string
	Go     string
}

// ThisMachine describes this one.
func ThisMachine() Machine {
	m := Machine{Cores: runtime.NumCPU(), Go: runtime.Version(), CPU: runtime.GOARCH, Kernel: runtime.GOOS}
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if _, rest, ok := strings.Cut(string(text), "model name"); ok {
			name, _, _ := strings.Cut(rest, "\n")
			m.CPU = strings.Trim(name, " \t:")
		}
	}
	if text, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		m.Kernel += " " + strings.TrimSpace(string(text))
	}
	return m
}

// Add notes a run of a series. Figures are kept to five digits; what is behind them is noise.
func (s *Series) Add(sample stats.Sample, err error) {
	if err != nil {
		s.Failures = append(s.Failures, err.Error())
		sample = nil
	}
	kept := stats.Sample{}
	for m, v := range sample {
		kept[m] = fiveDigits(v)
	}
	s.Samples = append(s.Samples, kept)
}

func fiveDigits(v float64) float64 {
	if v == 0 {
		return 0
	}
	scale := math.Pow(10, 4-math.Floor(math.Log10(math.Abs(v))))
	return math.Round(v*scale) / scale
}

// Spread sums up a metric of all runs.
func (s *Series) Spread(m stats.Metric) stats.Spread {
	return stats.SpreadOf(stats.Values(s.Samples, m))
}

// Find gives a group, or nil.
func (r *Run) Find(group string) *Group {
	for i := range r.Groups {
		if r.Groups[i].ID == group {
			return &r.Groups[i]
		}
	}
	return nil
}

// Find gives a series that was run at least once without failing, or nil.
func (g *Group) Find(name string) *Series {
	for i := range g.Series {
		if s := &g.Series[i]; s.Name == name {
			for _, sample := range s.Samples {
				if len(sample) > 0 {
					return s
				}
			}
		}
	}
	return nil
}
