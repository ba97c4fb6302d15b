package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"quartet/bench/stats"

	"github.com/matryer/is"
)

// series makes one with a rate and a p50 per round; a rate of 0 is a round that failed.
func series(name string, rates ...float64) Series {
	s := Series{Name: name}
	for _, r := range rates {
		if r == 0 {
			s.Add(nil, errors.New("it <broke>"))
			continue
		}
		s.Add(stats.Sample{stats.Rate: r, stats.P50: 1e6 / r, stats.P99: 2e6 / r}, nil)
	}
	return s
}

func sample() *Run {
	return &Run{
		Form: "quick", Began: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Took: 90 * time.Second, Rounds: 5,
		Machine: Machine{CPU: "A & B", Cores: 2, Kernel: "linux", Go: "go1"}, Notes: []string{"no wrk"},
		Groups: []Group{{ID: "g", Title: "some calls", Unit: "calls", Size: 16 << 10, Series: []Series{
			series("Quartet", 200e3, 210e3, 190e3, 200e3, 205e3),
			series("calm", 100e3, 105e3, 95e3, 100e3, 100e3),
			series("wild", 100e3, 300e3, 20e3, 150e3, 60e3),
			series("broken", 0, 0, 0, 0, 0),
		}}},
	}
}

var sampleAims = []Aim{
	{Topic: "t", Text: "twice calm", Group: "g", Series: "Quartet", Against: []string{"calm"}, Metric: stats.Rate, AtLeast: 1.5},
	{Topic: "t", Text: "thrice calm", Group: "g", Series: "Quartet", Against: []string{"calm"}, Metric: stats.Rate, AtLeast: 3},
	{Topic: "t", Text: "wild", Group: "g", Series: "Quartet", Against: []string{"wild"}, Metric: stats.Rate, AtLeast: 0.1},
	{Topic: "t", Text: "best", Group: "g", Series: "calm", Against: []string{"calm", "Quartet"}, Metric: stats.Rate, AtLeast: 0.4},
	{Topic: "t", Text: "time", Group: "g", Series: "Quartet", Metric: stats.P50, AtMost: 6},
	{Topic: "u", Text: "broken", Group: "g", Series: "broken", Metric: stats.Rate, AtLeast: 1},
	{Topic: "u", Text: "nowhere", Group: "no", Series: "Quartet", Metric: stats.Rate, AtLeast: 1},
}

func TestJudge(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	verdicts := Judge(sample(), sampleAims)
	want := []Status{Reached, Missed, Open, Reached, Reached, Unseen, Unseen}
	for i, v := range verdicts {
		is.Equal(v.Status, want[i]) // the verdict on sampleAims[i]
	}
	is.Equal(verdicts[0].Value.Median, 2.0)
	is.Equal(verdicts[3].Against, "Quartet") // the best of those named
}

func TestOneRoundIsNoVerdict(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	r := sample()
	for i := range r.Groups[0].Series {
		r.Groups[0].Series[i].Samples = r.Groups[0].Series[i].Samples[:1]
	}
	is.Equal(Judge(r, sampleAims)[0].Status, Once)
}

func TestTable(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	r := sample()
	var out bytes.Buffer
	is.NoErr(WriteTable(&out, r, Judge(r, sampleAims)))
	text := out.String()
	for _, want := range []string{
		"note: no wrk",
		"some calls\n",
		"calls/s",
		"200 k (190 k - 210 k)", // median and ends
		"2x",                    // how many times the rate of calm
		"3125",                  // MiB/s of a large body
		"FAILED: broken: it <broke>",
		"≥ 1.50x", "reached", "missed", "open", "not measured",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	for line := range strings.Lines(text) {
		is.Equal(strings.TrimRight(line, " \n")+"\n", strings.TrimRight(line, "\n")+"\n") // nothing hangs over
	}
}

func TestJSONComesBack(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	r := sample()
	var out bytes.Buffer
	is.NoErr(WriteJSON(&out, r, Judge(r, sampleAims)))
	is.Equal(strings.Count(out.String(), "\n"), 1+1+4+len(sampleAims)) // a line for each group, series and aim
	back, err := ReadJSON(&out)
	is.NoErr(err)
	is.Equal(back, r)
}

func TestCompare(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	a, b := sample(), sample()
	var out bytes.Buffer
	apart, err := Compare(&out, a, b, sampleAims)
	is.NoErr(err)
	is.Equal(apart, 0) // a run agrees with itself
	b.Groups[0].Series[1] = series("calm", 140e3, 140e3, 140e3, 140e3, 140e3)
	out.Reset()
	apart, err = Compare(&out, a, b, sampleAims)
	is.NoErr(err)
	is.Equal(apart, 3+1)                                       // three aims have calm in them; of its times p50 is past its limit, p99 is not
	is.Equal(strings.Count(out.String(), "APART"), apart)      // all are shown
	is.True(strings.Contains(out.String(), "p50 of calm (g)")) // and named
}

func TestSVGIsWellFormed(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var out bytes.Buffer
	is.NoErr(WriteSVG(&out, sample(), []Panel{{"g", "some <calls>"}, {"no", "not run"}}))
	in := xml.NewDecoder(&out)
	bars := 0
	for {
		token, err := in.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		is.NoErr(err) // it is XML
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "rect" {
			bars++
		}
	}
	is.Equal(bars, 1+4) // the ground, and a bar for each series
}

func TestUnits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		metric stats.Metric
		value  float64
		want   string
	}{
		{stats.Rate, 980, "980"},
		{stats.Rate, 21_480, "21.5 k"},
		{stats.Rate, 2_414_000, "2.41 M"},
		{stats.P50, 23.14, "23.1 µs"},
		{stats.P99, 1240, "1.24 ms"},
		{stats.Max, 2.5e6, "2.50 s"},
		{stats.RSS, 11.2 * (1 << 20), "11.2 MiB"},
		{stats.Heap, 1 << 10, "1 KiB"},
		{stats.Stack, -12, "-12 B"},
		{stats.Allocs, 24.96, "25.0"},
	} {
		is.New(t).Equal(Show(c.metric, c.value), c.want)
	}
	is.New(t).Equal(Clock(95*time.Second), "1:35")
	is.New(t).Equal(fiveDigits(123456.7), 123460.0)
	is.New(t).Equal(fiveDigits(0), 0.0)
}
