package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/matryer/is"

	"quartet/demos/internal/page"
)

func TestSpread(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var times []time.Duration
	for i := range 101 {
		times = append(times, time.Duration(100-i))
	}
	is.Equal(spreadOf(times), spread{Asked: 101, P50: 50, P95: 95, Max: 100})
	is.Equal(spreadOf(times[:1]), spread{Asked: 1})
	is.Equal(spreadOf(nil), spread{})
}

// TestLines: the page shows the lines that are compiled.
func TestLines(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	is.Equal(lines, []string{"\t" + `r.Mount("/render", render)`, "\t" + `r.Mount("/render", web.Offload(client, "render"))`})
}

func TestPicturesThatDiffer(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var f figures
	is.NoErr(f.add([]answer{{sum: "a", web: "1", drawn: "2"}, {sum: "a"}}))
	is.Equal([]string{f.Sum, f.WebPID, f.DrawPID}, []string{"a", "1", "2"})
	is.True(f.add([]answer{{sum: "a"}, {sum: "b"}}) != nil) // are no result
}

// TestKeepAsking: one answer that hangs keeps no other question from being asked, and counts with all its time.
func TestKeepAsking(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var asked atomic.Int32
	hang, stop := make(chan struct{}), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		switch asked.Add(1) {
		case 1:
			<-hang
		case 20: // so many came while the first hangs
			close(hang)
			close(stop)
		}
	}))
	defer server.Close()
	m := measurer{client: server.Client()}
	times, err := m.keepAsking(context.Background(), stop, server.URL)
	is.NoErr(err)
	is.True(len(times) >= 20)
	is.True(slices.Max(times) >= 18*every) // the one that hung
}

func TestMeasureFails(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/render" {
			w.WriteHeader(http.StatusBadGateway)
		}
	}))
	defer server.Close()
	_, err := measurer{client: server.Client(), atOnce: 3}.measure(context.Background(), server.URL+"/")
	is.True(err != nil && strings.Contains(err.Error(), "502")) // figures of failures would be none
}

func TestDrawStops(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := draw(ctx, 600, 400)
	is.Equal(err, context.Canceled) // nobody waits for it
}

func TestRowsShareAScale(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	ms := func(n time.Duration) page.Duration { return page.Duration(n * time.Millisecond) }
	for _, r := range rows([]row{{Before: ms(1), After: ms(2)}, {Before: ms(30), After: ms(4)}}) {
		is.Equal(r.Scale, 30.0)
	}
}
