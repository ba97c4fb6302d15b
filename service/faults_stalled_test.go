package service_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"quartet/handler"
	"quartet/internal/timed"
	"quartet/service"
	"quartet/transport/wire"
)

const (
	stalledTries = 150                    // calls, and as many Sends
	stalledAtime = 10                     // of both
	stalledTime  = 100 * time.Millisecond // of each
	stalledOver  = 50 * time.Millisecond  // by which it may be late
	stalledBody  = 64 << 10
	stalledHeap  = 3 * service.DefaultWindowBytes // what is in the window, a copy of that in the link's queue, and room there
)

// stalled is what became of what was asked of an instance that reads nothing, by numbers.
type stalled struct {
	mu       sync.Mutex
	took     []time.Duration
	accepted map[int]bool // Sends
	mayCome  map[int]bool // and calls of which it was said that they may have run
	came     map[int]int  // how often it has come to the instance
	receipts map[int]int
}

// TestTimedStalledInstance: an instance stops reading, and goes on to say that it lives. Every call and Send to it returns by
// its deadline, what waits for it is bounded, and others are not slowed. When it reads again it finds nothing twice, and
// nothing of which a caller was told that it had not been sent.
func TestTimedStalledInstance(t *testing.T) {
	eachBinding(t, func(t *testing.T, victimBinds bool) {
		b := &stalled{accepted: map[int]bool{}, mayCome: map[int]bool{}, came: map[int]int{}, receipts: map[int]int{}}
		s := besiegeClient(t, victimBinds, 1, service.WithResponses(handler.Func(b.receipt)))
		r := s.rogues[0]
		r.serve(b.answer)
		before := s.honestTimes(func() bool { return false }, 200)
		heap, worst := watchHeap(), timed.Stalls()
		listen := r.stopReading()
		asked := make(chan struct{})
		go func() {
			defer close(asked)
			b.ask(s.client)
		}()
		during := s.honestTimes(func() bool { return isClosed(asked) }, 1<<20)
		stall := worst()
		timed.Within(t, "calls and Sends to it", b.took, stalledTime+stalledOver, stall)
		s.True(b.took[len(b.took)-1] <= stalledTime+stalledOver+stall) // each, and not only most
		slices.Sort(before)
		timed.Within(t, "calls to the other", during, before[len(before)*95/100]*3/2+time.Millisecond, stall)
		grown := heap.inUse()
		t.Logf("%d Sends were accepted, %d calls may have run; the heap has grown by %.1f MiB", len(b.accepted), len(b.mayCome)-len(b.accepted), mib(grown))
		s.True(grown <= stalledHeap)
		s.True(len(b.accepted) > 0) // there was something to wait for

		listen()
		rogueAwait(t, "all is settled", func() bool { return s.client.Leftovers() == nil })
		heap.end(t)
		s.Equal(b.problems(), nil)
		s.end()
	})
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// honestTimes measures calls to the other instance until it is told to stop, or has made as many as it shall.
func (s *siege) honestTimes(stop func() bool, most int) (took []time.Duration) {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for ; len(took) < most && !stop(); <-tick.C {
		began := time.Now()
		_, err := s.client.Call(context.Background(), "slow", &handler.Request{Path: "/good"}, service.WithTimeout(siegeLimit))
		s.NoErr(err)
		took = append(took, time.Since(began))
	}
	return took
}

// ask makes calls and Sends to the instance, some at a time.
func (b *stalled) ask(c *service.Client) {
	var askers sync.WaitGroup
	for a := range stalledAtime {
		askers.Go(func() {
			for n := a; n < 2*stalledTries; n += stalledAtime {
				b.one(c, n)
			}
		})
	}
	askers.Wait()
}

func (b *stalled) one(c *service.Client, n int) {
	req := &handler.Request{Path: "/rogue", Args: map[string]string{"n": strconv.Itoa(n)}, Body: make([]byte, stalledBody)}
	ctx, cancel := context.WithTimeout(context.Background(), stalledTime)
	defer cancel()
	var err error
	began, sent := time.Now(), n/stalledAtime%2 == 0
	if sent {
		_, err = c.Send(ctx, "slow", req)
	} else {
		_, err = c.Call(ctx, "slow", req)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.took = append(b.took, time.Since(began))
	if sent && err == nil {
		b.accepted[n] = true
	}
	if err == nil || errors.Is(err, service.ErrTimeout) {
		b.mayCome[n] = true
	}
}

// answer is what the instance does once it reads.
func (b *stalled) answer(r *wire.Request) [][]byte {
	n, _ := strconv.Atoi(r.Args["n"])
	b.mu.Lock()
	defer b.mu.Unlock()
	b.came[n]++
	return [][]byte{frameOf(&wire.Response{ID: r.ID, Method: "response", Status: 200})}
}

func (b *stalled) receipt(_ context.Context, r *handler.Request) (*handler.Response, error) {
	if n, err := strconv.Atoi(r.Arg("n", "")); err == nil && r.Answer.Code() == 200 {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.receipts[n]++
	}
	return &handler.Response{}, nil
}

// problems lists what breaks a promise, when all is settled.
func (b *stalled) problems() (found []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, n := range slices.Sorted(maps.Keys(b.came)) {
		switch {
		case b.came[n] > 1:
			found = append(found, strconv.Itoa(n)+" came twice")
		case !b.mayCome[n]:
			found = append(found, strconv.Itoa(n)+" came, though its caller was told that it had not been sent")
		}
	}
	for n := range b.accepted {
		if b.came[n] != 1 || b.receipts[n] != 1 {
			found = append(found, strconv.Itoa(n)+" was accepted, and has not one receipt")
		}
	}
	return found
}
