package service

import (
	"context"
	"math/rand/v2"
	"net/http"
	"time"

	"quartet/handler"
)

// Bounds of the further attempts of a call that is declared idempotent.
const (
	maxLost    = 3 // instances that it may lose: perhaps it is the call that ends them
	maxRetries = 3 // further attempts

	retryPause    = 10 * time.Millisecond // before the first, doubled for each further one, jittered to half of it
	retryPauseMax = time.Second
)

// The budget of further attempts of one service, in fifths of an attempt: every call brings one, so that they are at most
// a fifth of the calls, and a few can be had without.
const (
	retryCost   = 5
	budgetStart = 10 * retryCost
	budgetMost  = 200 * retryCost
)

// retryBudget bounds further attempts, so that they do not bring a service down that is too slow already. The remote's
// lock guards it.
type retryBudget int

func (b *retryBudget) deposit() { *b = min(*b+1, budgetMost) }

func (b *retryBudget) take() bool {
	if *b < retryCost {
		return false
	}
	*b -= retryCost
	return true
}

// retry says whether a failed attempt of a call is followed by another one.
func (k *call) retry() bool {
	if !k.again || k.lost >= maxLost || k.retries >= maxRetries {
		return false
	}
	k.remote.mu.Lock()
	ok := k.remote.budget.take()
	k.remote.mu.Unlock()
	if ok {
		k.retries++
		k.home.client.stats.retries.Add(1)
	}
	return ok
}

// transient says that another instance may well answer otherwise.
func transient(resp *handler.Response) bool {
	switch resp.Code() {
	case http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// pause waits before a further attempt, within the deadline.
func (k *call) pause(ctx context.Context) {
	d := min(retryPause<<(k.retries-1), retryPauseMax)
	t := time.NewTimer(d/2 + rand.N(d/2))
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	case <-k.remote.cut:
	}
}
