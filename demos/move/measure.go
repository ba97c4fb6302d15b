package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"quartet/demos/internal/page"
)

// every is how often the light page is asked for, whether or not the one before has come.
const every = 5 * time.Millisecond

// alone is how long it is asked for before the heavy route is.
const alone = 300 * time.Millisecond

// figures are what was measured at one web process.
type figures struct {
	Idle    spread `json:"light_alone"`  // the light page while nothing else is asked
	Light   spread `json:"light"`        // and while the pictures are drawn
	Heavy   spread `json:"heavy"`        // the pictures
	WebPID  string `json:"web_pid"`      // who answered
	DrawPID string `json:"drawn_by_pid"` // who drew
	Bytes   int    `json:"bytes"`        // of each picture
	Sum     string `json:"sha256"`       // of each picture
}

// spread is how long many of the same took.
type spread struct {
	Asked int           `json:"asked"`
	P50   page.Duration `json:"p50_ms"`
	P95   page.Duration `json:"p95_ms"`
	Max   page.Duration `json:"max_ms"`
}

func spreadOf(times []time.Duration) spread {
	if len(times) == 0 {
		return spread{}
	}
	slices.Sort(times)
	at := func(percent int) page.Duration { return page.Duration(times[(len(times)-1)*percent/100]) }
	return spread{Asked: len(times), P50: at(50), P95: at(95), Max: at(100)}
}

// measurer asks as visitors do, over HTTP, from a process that serves neither route.
type measurer struct {
	client *http.Client
	atOnce int // pictures
}

// measure asks the web process at base for so many pictures at once, and all the time for the light page.
func (m measurer) measure(ctx context.Context, base string) (figures, error) {
	var f figures
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for range 10 { // opens connections, and lets a process that has just started find its feet
		if _, err := m.get(ctx, base); err != nil {
			return f, err
		}
	}
	quiet, stop := context.WithTimeout(ctx, alone)
	defer stop()
	idle, err := m.keepAsking(ctx, quiet.Done(), base)
	if err != nil {
		return f, err
	}
	pictures := make(chan struct{})
	var light []time.Duration
	var group errgroup.Group
	group.Go(func() (err error) {
		light, err = m.keepAsking(ctx, pictures, base)
		return err
	})
	answers, err := m.pictures(ctx, base+"render")
	close(pictures)
	if err2 := group.Wait(); err == nil {
		err = err2
	}
	if err != nil {
		return f, err
	}
	f.Idle, f.Light = spreadOf(idle), spreadOf(light)
	return f, f.add(answers)
}

// add notes the pictures, which must all be the same.
func (f *figures) add(answers []answer) error {
	var times []time.Duration
	for i, a := range answers {
		times = append(times, a.took)
		if i > 0 && a.sum != answers[0].sum {
			return fmt.Errorf("picture %d is another than the first", i+1)
		}
	}
	first := answers[0]
	f.Heavy, f.Bytes, f.Sum, f.WebPID, f.DrawPID = spreadOf(times), first.bytes, first.sum, first.web, first.drawn
	return nil
}

// pictures asks for all at once.
func (m measurer) pictures(ctx context.Context, url string) ([]answer, error) {
	answers := make([]answer, m.atOnce)
	group, ctx := errgroup.WithContext(ctx)
	for i := range answers {
		group.Go(func() (err error) {
			answers[i], err = m.get(ctx, url)
			return err
		})
	}
	return answers, group.Wait()
}

// keepAsking asks at fixed times until it is told to stop, and never waits for one answer before it asks for the next:
// who did would ask less often just when answers are slow. Each time runs from when its question was due.
func (m measurer) keepAsking(ctx context.Context, stop <-chan struct{}, url string) ([]time.Duration, error) {
	var mu sync.Mutex
	var times []time.Duration
	var asked errgroup.Group
	for due := time.Now(); ; due = due.Add(every) {
		select {
		case <-time.After(time.Until(due)):
		case <-stop:
			err := asked.Wait()
			return times, err
		}
		asked.Go(func() error {
			_, err := m.get(ctx, url)
			took := time.Since(due)
			mu.Lock()
			defer mu.Unlock()
			times = append(times, took)
			return err
		})
	}
}

// answer is what came back.
type answer struct {
	took       time.Duration
	bytes      int
	sum        string
	web, drawn string
}

func (m measurer) get(ctx context.Context, url string) (answer, error) {
	began := time.Now()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return answer{}, err
	}
	resp, err := m.client.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	sum := sha256.New()
	n, err := io.Copy(sum, resp.Body)
	if err != nil {
		return answer{}, err
	}
	if resp.StatusCode != http.StatusOK {
		return answer{}, fmt.Errorf("%s: %s", url, resp.Status)
	}
	return answer{
		took: time.Since(began), bytes: int(n), sum: hex.EncodeToString(sum.Sum(nil)),
		web: resp.Header.Get("Served-By"), drawn: resp.Header.Get("Drawn-By"),
	}, nil
}
