package stats

import (
	"math"
	"testing"
	"time"

	"github.com/matryer/is"
)

func TestMedianAndSpread(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	is.Equal(Median(nil), 0.0)                // none
	is.Equal(Median([]float64{3, 1, 2}), 2.0) // the middle
	is.Equal(Median([]float64{4, 1, 2, 3}), 2.5)
	is.Equal(SpreadOf([]float64{3, 1, 2}), Spread{Median: 2, Min: 1, Max: 3, N: 3})
	is.Equal(SpreadOf(nil), Spread{})
}

func TestRatiosSetRoundAgainstRound(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	a := []Sample{{Rate: 10}, {Rate: 30}, {}, {Rate: 8}}
	b := []Sample{{Rate: 5}, {Rate: 10}, {Rate: 7}, {}}
	is.Equal(Ratios(a, b, Rate), []float64{2, 3}) // rounds where one failed are left out
	is.Equal(len(Ratios(a, b, P50)), 0)           // nobody has it
}

func TestDisagreementFollowsTheSpread(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	is.True(math.IsInf(Disagreement([]float64{1, 1}), 1))          // too few to tell
	is.Equal(Disagreement([]float64{5, 5, 5, 5, 5}), 0.0)          // always the same
	is.Equal(Disagreement([]float64{0, 0, 0}), 0.0)                // even nothing
	is.True(math.IsInf(Disagreement([]float64{0, 1, 2}), 1))       // a ratio to nothing
	calm := Disagreement([]float64{100, 101, 99, 100, 102})        // within 3 %
	wild := Disagreement([]float64{100, 150, 60, 120, 80})         // all over
	is.True(calm > 0 && calm < 0.04)                               // so are their medians
	is.True(wild > 0.2)                                            // so are their medians
	is.Equal(wild, Disagreement([]float64{100, 150, 60, 120, 80})) // the same again
	var many []float64
	for i := range 50 {
		many = append(many, []float64{100, 150, 60, 120, 80}[i%5])
	}
	is.True(Disagreement(many) < wild) // more rounds, a surer median
}

func TestApart(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	is.Equal(Apart(100, 125), 0.25)
	is.Equal(Apart(125, 100), 0.25)       // either way
	is.Equal(Apart(0, 0), 0.0)            // the same
	is.True(math.IsInf(Apart(0, 100), 1)) // no ratio
}

func TestLatenciesOfManyLanes(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	l := NewLatencies()
	done := make(chan struct{})
	for range 4 {
		go func() {
			lane := l.Lane()
			for i := 1; i <= 1000; i++ {
				lane.Add(time.Duration(i) * time.Microsecond)
			}
			lane.Flush()
			done <- struct{}{}
		}()
	}
	for range 4 {
		<-done
	}
	is.Equal(l.Count(), int64(4000)) // none is lost between lane and collection
	s := Sample{}
	l.Into(s)
	within := func(got, want float64) bool { return math.Abs(got-want) <= want/500 } // three digits
	is.True(within(s[P50], 500))
	is.True(within(s[P99], 990))
	is.True(within(s[Max], 1000))
}

func TestLatenciesBeyondTheScaleCountAsTheLongest(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	l := NewLatencies()
	lane := l.Lane()
	lane.Add(time.Hour)
	lane.Add(-time.Second) // a clock that was set
	lane.Flush()
	s := Sample{}
	l.Into(s)
	is.Equal(l.Count(), int64(2))
	is.True(s[Max] >= 59e6 && s[Max] < 61e6) // a minute
}
