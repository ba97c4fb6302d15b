package report

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"quartet/bench/stats"
)

// WriteTable writes everything for people: where and how, group by group, then the aims.
func WriteTable(w io.Writer, r *Run, verdicts []Verdict) error {
	var t text
	t.line("Quartet beside its peers: %s form, %s, %s", r.Form, r.Began.Format("2006-01-02 15:04"), Clock(r.Took)+" min")
	t.line("%d x %s, %s, %s", r.Machine.Cores, r.Machine.CPU, r.Machine.Kernel, r.Machine.Go)
	t.line("%d rounds in turn, %v each after %v of warming up; medians, and (lowest - highest) of the rounds; no brackets: one look", r.Rounds, r.Time, r.Warm)
	t.line("x: how many times the rate of that line the first line has, median of the rounds")
	for _, note := range r.Notes {
		t.line("note: %s", note)
	}
	for i := range r.Groups {
		t.group(&r.Groups[i])
	}
	t.verdicts(verdicts)
	_, err := io.WriteString(w, t.String())
	return err
}

// text is a table that grows.
type text struct{ strings.Builder }

func (t *text) line(format string, args ...any) { fmt.Fprintf(t, format+"\n", args...) }

// columns are the metrics that a group shows, where it has them.
var columns = []struct {
	metric stats.Metric
	head   string
	spread bool
}{
	{stats.Rate, "/s", true},
	{stats.P50, "p50", true},
	{stats.P99, "p99", true},
	{stats.Max, "longest", false},
	{stats.Allocs, "allocs", false},
	{stats.ServerPeak, "RSS server", false},
	{stats.ClientPeak, "RSS client", false},
	{stats.RSS, "RSS", true},
	{stats.ServiceRSS, "RSS of the service, each", true},
	{stats.Heap, "heap, each", true},
	{stats.Stack, "stack, each", false},
	{stats.Errors, "failed", false},
}

func (t *text) group(g *Group) {
	t.line("\n%s", g.Title)
	head := []string{""}
	for _, c := range columns {
		if !g.has(c.metric) {
			continue
		}
		switch {
		case c.metric == stats.Rate:
			head = append(head, g.Unit+c.head, "x")
			if g.Size >= 16<<10 {
				head = append(head, "MiB/s")
			}
		default:
			head = append(head, c.head)
		}
	}
	rows := [][]string{head}
	for i := range g.Series {
		rows = append(rows, g.row(&g.Series[i], len(head)))
	}
	t.rows(rows)
	for _, s := range g.Series {
		for _, f := range s.Failures {
			t.line("  FAILED: %s: %s", s.Name, f)
		}
	}
}

func (g *Group) row(s *Series, width int) []string {
	row := []string{s.Name}
	for _, c := range columns {
		if !g.has(c.metric) {
			continue
		}
		v := s.Spread(c.metric)
		row = append(row, cell(c.metric, v, c.spread))
		if c.metric == stats.Rate {
			row = append(row, g.times(s))
			if g.Size >= 16<<10 {
				row = append(row, digits(v.Median*float64(g.Size)/(1<<20)))
			}
		}
	}
	return row[:width]
}

// has says whether any series has a metric that is worth a column.
func (g *Group) has(m stats.Metric) bool {
	for _, s := range g.Series {
		v := s.Spread(m)
		if v.N > 0 && (m != stats.Errors || v.Max > 0) {
			return true
		}
	}
	return false
}

// times is how many times the rate of a series the first one has.
func (g *Group) times(s *Series) string {
	if s == &g.Series[0] {
		return ""
	}
	ratios := stats.Ratios(g.Series[0].Samples, s.Samples, stats.Rate)
	if len(ratios) == 0 {
		return "-"
	}
	return digits(stats.Median(ratios)) + "x"
}

func cell(m stats.Metric, v stats.Spread, spread bool) string {
	switch {
	case v.N == 0:
		return "-"
	case !spread || v.N == 1:
		return Show(m, v.Median)
	}
	return fmt.Sprintf("%s (%s - %s)", Show(m, v.Median), Show(m, v.Min), Show(m, v.Max))
}

func (t *text) verdicts(verdicts []Verdict) {
	if len(verdicts) == 0 {
		return
	}
	t.line("\nThe aims. Open: two runs like this one may be further apart than 15 %% in a rate or memory, 25 %% in a p50, 50 %% in a p99")
	rows := [][]string{{"", "aim", "", "measured", "two runs", ""}}
	topic := ""
	for _, v := range verdicts {
		name := v.Aim.Topic
		if name == topic {
			name = ""
		}
		topic = v.Aim.Topic
		row := []string{name, v.Aim.Text, v.Aim.Wanted(), "", "", string(v.Status)}
		if v.Status != Unseen {
			row[3] = v.Aim.show(v.Value.Median)
		}
		if v.Value.N > 1 {
			row[3] += fmt.Sprintf(" (%s - %s)", v.Aim.show(v.Value.Min), v.Aim.show(v.Value.Max))
			row[4] = percent(v.Apart) + " apart"
		}
		rows = append(rows, row)
	}
	t.rows(rows)
}

// rows writes rows in columns.
func (t *text) rows(rows [][]string) {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, c := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(c))
		}
	}
	for _, row := range rows {
		line := " "
		for i, c := range row {
			line += " " + c + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c)+1)
		}
		t.line("%s", strings.TrimRight(line, " "))
	}
}
