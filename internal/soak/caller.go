package main

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strconv"
	"sync"
	"time"

	"quartet/handler"
	"quartet/service"
)

// What happens to the request with a number.
func panics(n uint64) bool { return n%200 == 7 }
func leaves(n uint64) bool { return n%100 == 11 } // its caller, soon
func isSent(n uint64) bool { return n%10 == 3 }

func serviceOf(n uint64) string {
	if n%2 == 0 {
		return ours
	}
	return theirs
}

func bodyOf(n uint64) []byte {
	size := n * 37 % 1000
	if n%50 == 0 {
		size = 100_000 // by the paths of large frames
	}
	return bytes.Repeat([]byte(strconv.FormatUint(n, 10)+" "), int(size)/8+1)
}

// kind is a way for a call to fail.
type kind struct {
	name string
	is   error // nil: see kindOf
}

var kinds = [...]kind{
	{"panic", nil}, {"left", service.ErrCanceled}, {"lost", service.ErrLost}, {"timeout", service.ErrTimeout},
	{"unavailable", service.ErrUnavailable}, {"rejected", service.ErrRejected}, {"other", nil},
}

const (
	kindPanic       = 0
	kindLost        = 2
	kindTimeout     = 3
	kindUnavailable = 4
	kindRejected    = 5
	kindOther       = 6
)

// ends counts calls by the kinds of their failures.
type ends [len(kinds)]int

// caller makes calls and keeps book of how they end.
type caller struct {
	book   *ledger
	client service.Caller

	mu     sync.Mutex
	calls  int
	ends   ends
	others []string        // the first ends without a name
	times  []time.Duration // of calls that were answered, since the last row
}

// run makes so many calls a second until ctx ends, and returns when all have ended.
func (c *caller) run(ctx context.Context, rate int) {
	var calls sync.WaitGroup
	defer calls.Wait()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	began := time.Now()
	for made := 0; ctx.Err() == nil; <-tick.C {
		for due := int(float64(rate) * time.Since(began).Seconds()); made < due; made++ {
			calls.Go(c.one)
		}
	}
}

// one makes one call, or one Send.
func (c *caller) one() {
	n := c.book.open()
	r := &handler.Request{Path: path, Args: map[string]string{numberArg: strconv.FormatUint(n, 10)}, Body: bodyOf(n)}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if isSent(n) {
		_, err := c.client.Send(ctx, serviceOf(n), r)
		c.book.note(n, func(e *entry) { e.accepted = err == nil })
		if err != nil {
			c.end(n, nil, err, 0)
		}
		return
	}
	if leaves(n) {
		soon := time.AfterFunc(time.Duration(n%3)*time.Millisecond, cancel)
		defer soon.Stop()
	}
	began := time.Now()
	reply, err := c.client.Call(ctx, serviceOf(n), r)
	took := time.Since(began)
	if err != nil {
		c.end(n, nil, err, took)
		return
	}
	c.end(n, reply.Response, reply.AsError(), took)
}

// receive is the response handler: by it Sends end.
func (c *caller) receive(_ context.Context, r *handler.Request) (*handler.Response, error) {
	n, err := strconv.ParseUint(r.Arg(numberArg, ""), 10, 64)
	if err != nil {
		return nil, err
	}
	c.book.note(n, func(e *entry) { e.handled++ })
	if isSent(n) {
		c.end(n, r.Answer, r.Answer.AsError(), 0)
	}
	return &handler.Response{}, nil
}

// end enters how a request ended.
func (c *caller) end(n uint64, answer *handler.Response, err error, took time.Duration) {
	c.book.note(n, func(e *entry) {
		switch {
		case err == nil && bytes.Equal(answer.Body, bodyOf(n)):
			e.answered++
		case err == nil:
			e.crossed++
		case mayHaveRun(err):
			e.failed++
		default:
			e.refused++
		}
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls++
	if err == nil {
		if took > 0 {
			c.times = append(c.times, took)
		}
		return
	}
	kind := kindOf(err)
	c.ends[kind]++
	if kind == kindOther && len(c.others) < 5 {
		c.others = append(c.others, err.Error())
	}
}

// kindOf finds the kind of a failure.
func kindOf(err error) int {
	var e *handler.Error
	if errors.As(err, &e) && e.Remote && e.Status == http.StatusInternalServerError {
		return kindPanic
	}
	for i, k := range kinds {
		if k.is != nil && errors.Is(err, k.is) {
			return i
		}
	}
	return kindOther
}

// mayHaveRun is what a caller is told by the kind of a failure. An answer of the service says that it did.
func mayHaveRun(err error) bool {
	var e *handler.Error
	if errors.As(err, &e) && e.Remote {
		return true
	}
	return errors.Is(err, service.ErrCanceled) || errors.Is(err, service.ErrTimeout) || errors.Is(err, service.ErrLost)
}

// count enters what was counted so far, and the times since it was asked last.
func (c *caller) count(r *row) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r.calls, r.ends = c.calls, c.ends
	r.p50, r.p99 = quantile(c.times, 0.5), quantile(c.times, 0.99)
	c.times = c.times[:0]
}
