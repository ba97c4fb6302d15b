package slow_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"

	"quartet/demos/internal/slow"
	"quartet/handler"
)

func TestParseDelay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		want time.Duration
		ok   bool
	}{
		{"", slow.Own, true},
		{"10ms", 10 * time.Millisecond, true},
		{"0s", 0, true},
		{"1m", time.Minute, true},
		{"60s", time.Minute, true},
		{"60.001s", 0, false},
		{"-1s", 0, false},
		{"-1ns", 0, false}, // is not how to say Own
		{"3", 0, false},
		{"soon", 0, false},
		{"9999999999999h", 0, false},
		{strings.Repeat("9", 1<<16), 0, false},
	} {
		is := is.New(t)
		got, err := slow.ParseDelay(c.text)
		is.Equal(err == nil, c.ok)
		is.Equal(got, c.want)
		if !c.ok {
			var e *handler.Error
			is.True(errors.As(err, &e))
			is.Equal(e.Status, 400)
			is.True(len(e.Reason) < 150) // a long text is not repeated in full
		}
	}
}

func TestDeadline(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	is.Equal(slow.Deadline(time.Second), 6*time.Second)
	is.Equal(slow.Deadline(slow.Own), 65*time.Second) // room for the longest
}

func TestSleep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		start := time.Now()
		is.NoErr(slow.Sleep(t.Context(), time.Minute))
		is.Equal(time.Since(start), time.Minute)

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		is.Equal(slow.Sleep(ctx, time.Minute), context.DeadlineExceeded) // the caller left after a second
		is.Equal(time.Since(start), 61*time.Second)
	})
}
