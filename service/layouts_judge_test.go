package service_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/service"
)

// ended judges the end of a call or of a Send. Where nobody is cut off, and one instance of each service stays, all
// are answered but those that run out of the little time that they have, or come when their client is closed.
func (r *layoutRun) ended(c layoutCall, err error) {
	how := layoutEnd(err)
	r.tally.count(c.what + " " + how)
	if reason := layoutVerdict(c, how, r.spell.Load(), c.app.leaving.Load()); reason != "" {
		r.wrong("%s of %s: %s: %v", c.what, c.app.name, reason, err)
	}
}

// layoutVerdict says what is wrong with an end; now is the spell in which it came.
func layoutVerdict(c layoutCall, how string, now uint64, leaving bool) string {
	calm := c.spell == now && now%2 == 0
	switch how {
	case "answered":
		return ""
	case "canceled", "out of time":
		if c.patient {
			return "nobody had set it a limit"
		}
		return ""
	case "closed":
		if !leaving {
			return "its client was not closed"
		}
		return ""
	case "lost":
		if calm {
			return "nobody was cut off"
		}
		return ""
	case "unavailable": // while links come back there may be nobody for as long as some want to wait
		if calm || c.patient {
			return "an instance was there, or soon"
		}
		return ""
	}
	return "it has to be none of these"
}

// layoutEnd names how a call ended. The answer of a service that asked in vain itself counts as that.
func layoutEnd(err error) string {
	var e *handler.Error
	switch {
	case err == nil:
		return "answered"
	case !errors.As(err, &e):
		return fmt.Sprintf("failed: %v", err)
	case e.Remote && e.Status == http.StatusBadGateway, errors.Is(err, service.ErrLost):
		return "lost"
	case errors.Is(err, context.DeadlineExceeded), e.Status == http.StatusGatewayTimeout:
		return "out of time"
	case errors.Is(err, context.Canceled), e.Remote && e.Status == 499:
		return "canceled"
	case errors.Is(err, service.ErrClosed):
		return "closed"
	case errors.Is(err, service.ErrUnavailable), e.Remote && e.Status == http.StatusServiceUnavailable:
		return "unavailable"
	}
	return fmt.Sprintf("failed: %d %s", e.Status, e.Reason)
}

// layoutTally counts by name.
type layoutTally struct {
	mu sync.Mutex
	of map[string]int
}

func (c *layoutTally) count(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of == nil {
		c.of = map[string]int{}
	}
	c.of[name]++
}

func (c *layoutTally) get(name string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.of[name]
}

func (c *layoutTally) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []string
	for _, name := range slices.Sorted(maps.Keys(c.of)) {
		all = append(all, fmt.Sprintf("%s: %d", name, c.of[name]))
	}
	return strings.Join(all, ", ")
}

// TestLayoutVerdictFinds keeps the judge honest.
func TestLayoutVerdictFinds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		patient    bool
		began, now uint64
		how        error
		leaving    bool
		bad        bool
	}{
		{"answered", true, 2, 2, nil, false, false},
		{"lost in a calm spell", true, 2, 2, service.ErrLost, false, true},
		{"lost by who was impatient", false, 2, 2, service.ErrLost, false, true},
		{"lost in a rough spell", true, 3, 3, service.ErrLost, false, false},
		{"lost before it was calm", true, 3, 4, service.ErrLost, false, false},
		{"lost over several spells", true, 2, 4, service.ErrLost, false, false},
		{"lost when the app leaves", true, 2, 2, service.ErrLost, true, true},
		{"unavailable in a calm spell", true, 2, 2, service.ErrUnavailable, false, true},
		{"unavailable in a rough spell", true, 3, 3, service.ErrUnavailable, false, true},
		{"unavailable in a rough spell, and impatient", false, 3, 3, service.ErrUnavailable, false, false},
		{"rejected in a rough spell", true, 3, 3, service.ErrRejected, false, true},
		{"patient and timed out", true, 3, 3, service.ErrTimeout, false, true},
		{"impatient and timed out", false, 2, 2, service.ErrTimeout, false, false},
		{"impatient and canceled", false, 2, 2, service.ErrCanceled, false, false},
		{"closed by nobody", true, 3, 3, service.ErrClosed, false, true},
		{"closed", true, 2, 2, service.ErrClosed, true, false},
		{"another failure", false, 3, 3, errors.New("boom"), true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			is := is.New(t)
			var err error
			if c.how != nil {
				err = &handler.Error{Status: http.StatusTeapot, Err: c.how}
			}
			found := layoutVerdict(layoutCall{patient: c.patient, spell: c.began}, layoutEnd(err), c.now, c.leaving)
			is.Equal(found != "", c.bad) // found, or rightly not
		})
	}
}
