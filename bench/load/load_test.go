package load

import (
	"bytes"
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"quartet/bench/stats"

	"github.com/matryer/is"
)

// fake answers as its function says.
type fake func(caller int, body []byte) ([]byte, error)

func (f fake) Call(_ context.Context, caller int, body []byte) ([]byte, error) {
	return f(caller, body)
}
func (fake) Close() error { return nil }

func echo(_ int, body []byte) ([]byte, error) { return bytes.Clone(body), nil }

var little = Work{Callers: 4, Size: 64, Warm: 5 * time.Millisecond, Time: 50 * time.Millisecond, Rate: 2000}

func TestClosedCountsAnswers(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var calls atomic.Int64
	s, err := Closed(fake(func(c int, b []byte) ([]byte, error) { calls.Add(1); return echo(c, b) }), little)
	is.NoErr(err)
	is.True(s[stats.Rate] > 0 && s[stats.Rate]*little.Time.Seconds() <= float64(calls.Load())) // no more than were made
	is.Equal(s[stats.Errors], 0.0)
}

func TestClosedLeavesFailuresOut(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s, err := Closed(fake(func(c int, b []byte) ([]byte, error) {
		if c == 0 {
			return nil, errors.New("overloaded")
		}
		return echo(c, b)
	}), little)
	is.NoErr(err)
	is.True(s[stats.Errors] > 0) // counted apart
	_, err = Closed(fake(func(int, []byte) ([]byte, error) { return nil, errors.New("overloaded") }), little)
	is.True(err != nil) // no answer at all is no measurement
}

func TestAWrongAnswerSpoilsTheRun(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]fake{
		"cut":   func(_ int, b []byte) ([]byte, error) { return b[:len(b)-1], nil },
		"other": func(_ int, b []byte) ([]byte, error) { c := bytes.Clone(b); c[len(c)-1]++; return c, nil },
		"empty": func(int, []byte) ([]byte, error) { return nil, nil },
	} {
		t.Run(name, func(t *testing.T) {
			is := is.New(t)
			_, err := Closed(answer, little)
			is.True(err != nil)
			_, err = Open(answer, little)
			is.True(err != nil)
		})
	}
}

func TestAnAnswerToAnotherCallIsWrong(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	b := newBody(3, 64)
	first := bytes.Clone(b.next())
	is.NoErr(b.check(first))
	b.next()
	is.True(b.check(first) != nil)                             // it answers the call before
	is.True(newBody(4, 64).check(newBody(3, 64).bytes) != nil) // or another caller's
	caller, ok := callerOf(first)
	is.True(ok && caller == 3)
}

func TestOpenCountsFromWhenCallsWereDue(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var calls atomic.Int64
	stall := 40 * time.Millisecond
	w := little
	w.Callers, w.Warm = 1, 0
	s, err := Open(fake(func(c int, b []byte) ([]byte, error) {
		if calls.Add(1) == 1 {
			time.Sleep(stall)
		}
		return echo(c, b)
	}), w)
	is.NoErr(err)
	is.Equal(calls.Load(), int64(100))                         // the rate is kept
	is.True(s[stats.P50] > float64(stall.Microseconds())/4)    // one stall counts for those that it held up
	is.True(s[stats.Max] >= float64(stall.Microseconds())*0.9) // and for itself
}

// receipts answers what is sent, in another goroutine.
type receipts struct {
	answered func([]byte, error)
	refuse   atomic.Int64
}

func (r *receipts) Send(_ context.Context, body []byte) error {
	if r.refuse.Add(-1) >= 0 {
		return errors.New("overloaded")
	}
	go r.answered(bytes.Clone(body), nil)
	return nil
}

func (*receipts) Close() error { return nil }

func TestSendsCountAnswers(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	sender := NewSender(64)
	r := &receipts{answered: sender.Answered}
	s, err := sender.Run(r, little)
	is.NoErr(err)
	is.True(s[stats.Rate] > 0)

	sender = NewSender(64)
	r = &receipts{answered: func(b []byte, _ error) { sender.Answered(b, errors.New("lost")) }}
	_, err = sender.Run(r, little)
	is.True(err != nil) // an accepted send must be answered

	sender = NewSender(64)
	r = &receipts{answered: sender.Answered}
	r.refuse.Store(3)
	_, err = sender.Run(r, little)
	is.NoErr(err) // what was not accepted is only counted
}

func TestParseWrk(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	const out = `Running 1s test @ http://127.0.0.1:1/page
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.61ms    1.02ms  25.50ms   83.21%
    Req/Sec    40.72k     1.83k   44.12k    70.00%
  Latency Distribution
     50%  950.00us
     75%    1.90ms
     90%    2.70ms
     99%    5.48ms
  40538 requests in 1.00s, 7.27MB read
Requests/sec:  40488.31
Transfer/sec:      7.26MB
`
	s, err := parseWrk(out)
	is.NoErr(err)
	is.Equal(s, stats.Sample{stats.Rate: 40488.31, stats.P50: 950, stats.P99: 5480, stats.Max: 25500})
	_, err = parseWrk(out + "  Non-2xx or 3xx responses: 3\n")
	is.True(err != nil) // pages that are errors
	_, err = parseWrk("  Socket errors: connect 0, read 1, write 0, timeout 0\n" + out)
	is.True(err != nil) // connections that broke
	_, err = parseWrk("unable to connect")
	is.True(err != nil)
}
