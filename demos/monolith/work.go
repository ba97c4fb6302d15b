package main

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"time"

	"quartet/demos/internal/site"
	"quartet/demos/internal/slow"
	"quartet/handler"
)

// atOnce is how many async jobs may be under way; a goroutine is cheap, but not free, and nobody waits for these.
const atOnce = 1024

// work does the slow work right here.
type work struct {
	delay    time.Duration
	receipts *site.Receipts
	log      *slog.Logger

	slots  chan struct{}   // one element per async job
	ctx    context.Context // of all async jobs: that of their page ends with the page
	cancel context.CancelFunc
}

func newWork(delay time.Duration, receipts *site.Receipts, log *slog.Logger) *work {
	ctx, cancel := context.WithCancel(context.Background())
	return &work{delay: delay, receipts: receipts, log: log, slots: make(chan struct{}, atOnce), ctx: ctx, cancel: cancel}
}

// Sync sleeps in the page's own goroutine.
func (w *work) Sync(ctx context.Context, delay time.Duration) (string, error) {
	return slow.SyncText, slow.Sleep(ctx, w.own(delay))
}

// Async leaves a goroutine behind.
func (w *work) Async(_ context.Context, delay time.Duration) (string, error) {
	select {
	case w.slots <- struct{}{}:
	default:
		return "", &handler.Error{Status: http.StatusServiceUnavailable, Reason: "Too much work is under way.",
			Header: map[string][]string{"retry-after": {"1"}}}
	}
	id := rand.Text()
	go func() {
		defer func() { <-w.slots }()
		w.receive(id, slow.Sleep(w.ctx, w.own(delay)))
	}()
	return id, nil
}

func (w *work) own(delay time.Duration) time.Duration {
	if delay == slow.Own {
		return w.delay
	}
	return delay
}

// receive is what the app has a response handler for.
func (w *work) receive(id string, err error) {
	receipt := site.Receipt{ID: id, Path: slow.Path, Method: handler.MethodResponse, Status: http.StatusOK,
		Text: slow.AsyncText, At: time.Now()}
	if err != nil {
		receipt.Status, receipt.Text = http.StatusBadGateway, "cut off by the end of the process"
	}
	w.log.Info("response", "path", receipt.Path, "METHOD", receipt.Method, "status", receipt.Status, "text", receipt.Text)
	w.receipts.Add(receipt)
}

// stop waits for the async jobs, and cuts them off when ctx ends. No Async may follow.
func (w *work) stop(ctx context.Context) {
	defer w.cancel()
	defer context.AfterFunc(ctx, w.cancel)()
	for range cap(w.slots) { // whoever holds every slot knows that no job is left
		w.slots <- struct{}{}
	}
}
