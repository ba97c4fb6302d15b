package main

import (
	"context"
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"
)

// TestTimedSoak is the soak, as short as it may be.
func TestTimedSoak(t *testing.T) {
	is := is.New(t)
	p := plan{
		lasts: 12 * time.Second, every: 1500 * time.Millisecond, rate: 500, moves: 5,
		dir: t.TempDir(), seed: uint64(time.Now().UnixNano()), binary: os.Args[0],
	}
	var out strings.Builder
	problems, err := soak(t.Context(), p, &out)
	t.Log("\n" + out.String())
	is.NoErr(err)
	is.Equal(problems, nil)
	file, err := filepath.Glob(filepath.Join(p.dir, "*.csv"))
	is.NoErr(err)
	is.Equal(len(file), 1)
	f, err := os.Open(file[0])
	is.NoErr(err)
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	is.NoErr(err)
	is.Equal(len(rows), 1+8) // a head, and a row for each look
}

// TestSoakUnderChaos is shorter still, and ends when it is told to: too soon to judge more than the ledger.
func TestSoakUnderChaos(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	p := plan{
		lasts: time.Hour, every: time.Hour, rate: 100, moves: 5, chaos: true,
		dir: t.TempDir(), seed: uint64(time.Now().UnixNano()), binary: os.Args[0],
	}
	ctx, cancel := context.WithTimeout(t.Context(), calmFor+2*faultFor)
	defer cancel()
	var out strings.Builder
	problems, err := soak(ctx, p, &out)
	t.Log("\n" + out.String())
	is.NoErr(err)
	is.Equal(problems, []string{"0 rows are too few to judge"}) // and nothing else
}

// TestHostEnds with its client, whatever that has said.
func TestHostEnds(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	h, err := startHost(os.Args[0], func(report) {})
	is.NoErr(err)
	is.True(h.stop() != nil) // it says that something is missing
}
