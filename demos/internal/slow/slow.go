// Package slow is what the three programs agree on: the name and path of the slow work, its texts and its delays.
package slow

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"quartet/handler"
)

const (
	Service = "slow"          // the service's name
	Path    = "/service/slow" // where it does its slow work, METHOD request

	// SyncText is what a sync call sends to be echoed.
	SyncText = "I made a round trip, it took a while but I bring results."
	// AsyncText is what an async call sends.
	AsyncText = "I made a round trip, it took so long I will respond to no one."

	DefaultDelay = 5 * time.Second  // of whoever does the work
	MaxDelay     = 60 * time.Second // nobody may order more
	Own          = -time.Nanosecond // no delay was ordered: whoever does the work uses its own
	Slack        = 5 * time.Second  // what a call may take beyond its delay
)

// ParseDelay reads a delay such as 10ms, 2s or 1m; the empty text means Own. The error is a 400 that tells the caller
// what to write instead.
func ParseDelay(text string) (time.Duration, error) {
	if text == "" {
		return Own, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 || d > MaxDelay {
		return 0, &handler.Error{
			Status: http.StatusBadRequest,
			Reason: fmt.Sprintf("delay %.20q: write a time such as 10ms, 2s or 1m, at most 60s", text),
		}
	}
	return d, nil
}

// Deadline is how long a call with that delay may take. Whoever orders no delay does not know how long it will be.
func Deadline(delay time.Duration) time.Duration {
	if delay == Own {
		delay = MaxDelay
	}
	return delay + Slack
}

// Sleep is the slow work. It ends early, with the context's error, when nobody wants the result any more.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
