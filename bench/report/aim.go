package report

import "quartet/bench/stats"

// Aim is one line of what is to be reached: a metric of a series, or its ratio to that of another in the same group.
type Aim struct {
	Topic  string // what it is about
	Text   string // what is wanted
	Group  string
	Series string
	// Against is what the ratio is to; with several the best of them, by its median. Without any it is the metric itself.
	Against []string
	Metric  stats.Metric
	AtLeast float64 // or
	AtMost  float64 // where AtLeast is 0
}

// Status says what became of an aim.
type Status string

// The statuses.
const (
	Reached Status = "reached"
	Missed  Status = "missed"
	Open    Status = "open"         // two runs may not agree
	Once    Status = "one look"     // nor can it be told
	Unseen  Status = "not measured" // in this form
)

// Verdict is what a run says about an aim.
type Verdict struct {
	Aim     Aim
	Status  Status
	Value   stats.Spread
	Apart   float64 // how far two such runs would be apart, see stats.Disagreement
	Against string  // what the ratio is to
}

// Judge measures a run against aims.
func Judge(r *Run, aims []Aim) []Verdict {
	verdicts := make([]Verdict, len(aims))
	for i, a := range aims {
		verdicts[i] = a.judge(r)
	}
	return verdicts
}

func (a Aim) judge(r *Run) Verdict {
	v := Verdict{Aim: a, Status: Unseen}
	values, against := a.values(r)
	if len(values) == 0 {
		return v
	}
	v.Against, v.Value, v.Apart = against, stats.SpreadOf(values), stats.Disagreement(values)
	v.Status = Missed
	switch {
	case v.Value.N == 1:
		v.Status = Once
	case v.Apart > a.Metric.Tolerance():
		v.Status = Open
	case a.holds(v.Value.Median):
		v.Status = Reached
	}
	return v
}

func (a Aim) holds(v float64) bool {
	if a.AtLeast > 0 {
		return v >= a.AtLeast
	}
	return v <= a.AtMost
}

// values gives the metric, or the ratio, round by round.
func (a Aim) values(r *Run) (values []float64, against string) {
	g := r.Find(a.Group)
	if g == nil {
		return nil, ""
	}
	s := g.Find(a.Series)
	if s == nil {
		return nil, ""
	}
	if len(a.Against) == 0 {
		return stats.Values(s.Samples, a.Metric), ""
	}
	best := g.best(a.Against, a.Metric)
	if best == nil {
		return nil, ""
	}
	return stats.Ratios(s.Samples, best.Samples, a.Metric), best.Name
}

// best is the series with the highest median among those named.
func (g *Group) best(names []string, m stats.Metric) *Series {
	var best *Series
	for _, name := range names {
		s := g.Find(name)
		if s != nil && (best == nil || s.Spread(m).Median > best.Spread(m).Median) {
			best = s
		}
	}
	return best
}

// show writes a value of the aim: a ratio, or the metric itself.
func (a Aim) show(v float64) string {
	if len(a.Against) > 0 {
		return digits(v) + "x"
	}
	return Show(a.Metric, v)
}

// Wanted writes the bound.
func (a Aim) Wanted() string {
	if a.AtLeast > 0 {
		return "≥ " + a.show(a.AtLeast)
	}
	return "≤ " + a.show(a.AtMost)
}
