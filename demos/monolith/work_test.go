package main

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"

	"quartet/demos/internal/site"
	"quartet/demos/internal/slow"
	"quartet/handler"
)

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestWork(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		receipts := new(site.Receipts)
		w := newWork(5*time.Second, receipts, discard())
		start := time.Now()
		text, err := w.Sync(t.Context(), slow.Own)
		is.NoErr(err)
		is.Equal(text, slow.SyncText)
		is.Equal(time.Since(start), 5*time.Second) // the page waited

		page, leave := context.WithCancel(t.Context())
		id, err := w.Async(page, time.Second)
		leave() // the end of the page is not the end of the work
		is.NoErr(err)
		is.Equal(time.Since(start), 5*time.Second) // the page did not wait
		w.stop(t.Context())
		is.Equal(time.Since(start), 6*time.Second) // stop did
		is.Equal(receipts.Latest()[0].ID, id)
		is.Equal(receipts.Latest()[0].Text, slow.AsyncText)
	})
}

func TestStopCutsOffWhatTakesTooLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		receipts := new(site.Receipts)
		w := newWork(0, receipts, discard())
		_, err := w.Async(t.Context(), time.Minute)
		is.NoErr(err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		w.stop(ctx)
		is.Equal(time.Since(start), time.Second)
		is.Equal(receipts.Latest()[0].Status, 502) // and says so
	})
}

func TestTooMuchWorkIsRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		w := newWork(time.Second, new(site.Receipts), discard())
		for range atOnce {
			_, err := w.Async(t.Context(), slow.Own)
			is.NoErr(err)
		}
		_, err := w.Async(t.Context(), slow.Own)
		is.Equal(handler.StatusOf(err), 503)
		w.stop(t.Context())
	})
}
