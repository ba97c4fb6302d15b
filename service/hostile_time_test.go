package service_test

import (
	"math"
	"testing"
	"time"

	"quartet/transport/wire"
)

// TestHostileClocks: whatever an app says of its clock and of the time left, a handler never gets more time than was
// given, a request without time never runs, and honest times work for whoever keeps one clock.
func TestHostileClocks(t *testing.T) {
	const minute, second = time.Minute, time.Second
	type times struct {
		left time.Duration
		sent int64
		runs bool
	}
	ends := []int64{math.MinInt64, math.MinInt64 + 1, -1 << 62, -1, 0, 1, 1 << 62, math.MaxInt64 - 1, math.MaxInt64}
	cases := map[string][]times{
		"no time":       {{0, 0, false}, {minute, 0, true}},
		"all the time":  {{wire.MaxLeft, 0, true}, {wire.MaxLeft, math.MaxInt64, true}},
		"a nanosecond":  {{1, 0, true}},
		"long ago":      {{minute, 0, true}, {second, math.MinInt64, false}, {wire.MaxLeft, -1 << 62, false}, {second, 0, true}},
		"from tomorrow": {{minute, 0, true}, {second, math.MaxInt64, true}, {second, 0, false}, {second, math.MaxInt64, true}},
		"wrapping":      {{second, math.MaxInt64, true}, {second, math.MinInt64, false}, {second, 0, false}, {second, math.MaxInt64, true}},
		"steady":        {{second, 1000, true}, {second, 1001, true}, {second, 1000, true}},
	}
	s := besiegeServer(t, true, len(cases)+len(ends)*len(ends))
	rogues := s.rogues
	for name, list := range cases {
		for i, c := range list {
			ran, had := s.askFor(rogues[0], c.left, c.sent)
			if c.left > time.Millisecond || c.left == 0 { // the shortest may expire before it is run
				if ran != c.runs {
					t.Errorf("%s, request %d: ran: %v", name, i, ran)
				}
			}
			if limit := max(c.left, time.Millisecond); had > limit {
				t.Errorf("%s, request %d: the handler had %v, %v were given", name, i, had, limit)
			}
		}
		rogues = rogues[1:]
	}
	for _, first := range ends {
		for _, second := range ends {
			s.askFor(rogues[0], time.Minute, first)
			if _, had := s.askFor(rogues[0], time.Minute, second); had > time.Minute {
				t.Errorf("sent at %d, then at %d: the handler had %v, a minute was given", first, second, had)
			}
			rogues = rogues[1:]
		}
	}
	s.end()
}

// askFor sends a request with times of its own and says whether it ran, and how much time its handler had.
func (s *siege) askFor(r *rogue, left time.Duration, sent int64) (ran bool, had time.Duration) {
	s.t.Helper()
	req := rogueAsk("/left")
	req.Left, req.Sent, req.Hops = left, sent, 255
	s.True(r.say(frameOf(req))) // it may say so
	resp := r.final(req.ID)
	s.True(resp != nil) // and is answered
	if resp.Outcome == wire.OutcomeExpired || resp.Status == 504 {
		return false, 0
	}
	s.Equal(resp.Outcome, wire.OutcomeAnswered) // nothing but the time is wrong with it
	had, err := time.ParseDuration(string(resp.Body))
	s.NoErr(err) // the handler has a deadline
	return true, had
}

// TestHostileTimesUnreadable: a time left that is negative, or more than any clock holds, is an unreadable request.
func TestHostileTimesUnreadable(t *testing.T) {
	s := besiegeServer(t, true, 1)
	for _, v := range [][]byte{mpInt(-1), mpInt(math.MinInt64), mpUint(math.MaxUint64), mpUint(uint64(wire.MaxLeft/time.Millisecond) + 1), mpUint(math.MaxInt64)} {
		s.True(s.offend(s.rogues[0], "left", requestFields(rogueIDs.Next()).with(atLeft, v))) // answered, not cut
	}
	s.offend(s.rogues[0], "sent", requestFields(rogueIDs.Next()).with(atSent, mpUint(math.MaxUint64)))
	s.Equal(s.bad.Load(), int64(0)) // none ran
	s.end()
}
