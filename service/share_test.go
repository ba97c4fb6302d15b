package service

import (
	"testing"

	"github.com/matryer/is"
)

// TestShareOf: many apps together have at most twice what an instance can take, and each has something.
func TestShareOf(t *testing.T) {
	t.Parallel()
	for _, e := range []struct{ concurrency, backlog, window, apps, want int }{
		{1024, 1024, 256, 0, 256},
		{1024, 1024, 256, 1, 256},
		{1024, 1024, 256, 16, 256},
		{1024, 1024, 256, 17, 128},
		{1024, 1024, 256, 33, 64}, // 124 rounded down
		{50, 1024, 256, 64, 32},
		{1024, 1024, 256, 1000, 16},
		{1, 0, 256, 1, 256}, // one app hears at once what is refused
		{1, 0, 256, 2, 16},
		{1, 0, 256, 9, 16}, // less than one each
		{1, 0, 8, 2, 8},    // never more than was set
	} {
		is := is.New(t)
		is.Equal(serverOptions{concurrency: e.concurrency, backlog: e.backlog, window: e.window}.shareOf(e.apps), e.want) // the share
	}
}
