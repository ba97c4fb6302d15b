package report

import (
	"fmt"
	"io"

	"quartet/bench/stats"
)

// Compare writes whether two runs agree: aim by aim, then in the p50 and p99 of every series. It says how many lines do
// not.
func Compare(w io.Writer, a, b *Run, aims []Aim) (apart int, err error) {
	var t text
	t.line("Two runs: %s and %s", a.Began.Format("2006-01-02 15:04"), b.Began.Format("2006-01-02 15:04"))
	rows := [][]string{{"", "first", "second", "apart", "limit", ""}}
	add := func(name string, m stats.Metric, show func(float64) string, x, y float64) bool {
		agree := stats.Apart(x, y) <= m.Tolerance()
		verdict := "agree"
		if !agree {
			verdict = "APART"
			apart++
		}
		rows = append(rows, []string{name, show(x), show(y), percent(stats.Apart(x, y)), percent(m.Tolerance()), verdict})
		return agree
	}
	first, second := Judge(a, aims), Judge(b, aims)
	for i, v := range first {
		if v.Status == Unseen || second[i].Status == Unseen {
			continue
		}
		add(v.Aim.Topic+": "+v.Aim.Text, v.Aim.Metric, v.Aim.show, v.Value.Median, second[i].Value.Median)
	}
	latencies := 0
	for _, p := range pairs(a, b) {
		for _, m := range []stats.Metric{stats.P50, stats.P99} {
			x, y := p.a.Spread(m).Median, p.b.Spread(m).Median
			if x == 0 || y == 0 {
				continue
			}
			latencies++
			show := func(v float64) string { return Show(m, v) }
			if add(fmt.Sprintf("%s of %s (%s)", m, p.a.Name, p.group), m, show, x, y) {
				rows = rows[:len(rows)-1] // those that agree are many
			}
		}
	}
	t.rows(rows)
	t.line("%d lines are further apart than their limit; %d latencies were compared, those that agree are not shown", apart, latencies)
	_, err = io.WriteString(w, t.String())
	return apart, err
}

// pair is the same series in two runs.
type pair struct {
	group string
	a, b  *Series
}

func pairs(a, b *Run) []pair {
	var all []pair
	for i := range a.Groups {
		g := &a.Groups[i]
		other := b.Find(g.ID)
		if other == nil {
			continue
		}
		for j := range g.Series {
			if s := other.Find(g.Series[j].Name); s != nil {
				all = append(all, pair{g.ID, &g.Series[j], s})
			}
		}
	}
	return all
}
