package middleware_test

import (
	"math"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/handler/middleware"
)

func TestRateLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		h := middleware.RateLimit(0.5, 2)(returns(handler.Text("x"), nil))
		serve := func(app string) *handler.Response {
			_, err := h.Serve(t.Context(), from(app))
			if err == nil {
				return new(handler.Response)
			}
			return handler.ErrorResponse(err)
		}
		is.Equal(serve(app).Code(), 200)
		is.Equal(serve(app).Code(), 200) // a burst of two
		refused := serve(app)
		is.Equal(refused.Code(), 429)
		is.Equal(refused.HeaderValue("retry-after"), "2")
		time.Sleep(500 * time.Millisecond)
		is.Equal(serve(app).HeaderValue("retry-after"), "2") // 1.5 s, rounded up; a refusal costs nothing
		is.Equal(serve(other).Code(), 200)                   // another caller has a bucket of its own
		is.Equal(serve("").Code(), 200)
		is.Equal(serve("").Code(), 200)
		is.Equal(serve("").Code(), 429) // those without a name share one
		time.Sleep(1500 * time.Millisecond)
		is.Equal(serve(app).Code(), 200) // as it was told
		is.Equal(serve(app).Code(), 429)
		time.Sleep(time.Hour)
		is.Equal(serve(app).Code(), 200)
		is.Equal(serve(app).Code(), 200)
		is.Equal(serve(app).Code(), 429) // silence saves up a burst and no more
	})
}

// TestRateLimitKeepsItsWord: who comes back after retry-after is served, at any rate.
func TestRateLimitKeepsItsWord(t *testing.T) {
	t.Parallel()
	for _, perSecond := range []float64{1e-3, 0.1, 1.0 / 3, 0.7, 1, 3, 7.7, 1e6} {
		synctest.Test(t, func(t *testing.T) {
			is := is.New(t)
			h := middleware.RateLimit(perSecond, 1)(returns(handler.Text("x"), nil))
			for range 50 {
				_, err := h.Serve(t.Context(), from(app))
				is.NoErr(err)
				_, err = h.Serve(t.Context(), from(app))
				wait, _ := strconv.Atoi(handler.ErrorResponse(err).HeaderValue("retry-after"))
				is.True(wait >= 1)
				time.Sleep(time.Duration(wait) * time.Second)
			}
		})
	}
}

func TestRateLimitAtOddRates(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	slowest := middleware.RateLimit(math.SmallestNonzeroFloat64, 1)(returns(handler.Text("x"), nil))
	_, err := slowest.Serve(t.Context(), from(app))
	is.NoErr(err)
	_, err = slowest.Serve(t.Context(), from(app))
	is.Equal(handler.ErrorResponse(err).HeaderValue("retry-after"), "3153600000") // a century is enough
	for _, perSecond := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		is.True(panicOf(func() { middleware.RateLimit(perSecond, 1) }) != "")
	}
	is.Equal(panicOf(func() { middleware.RateLimit(1, 0) }), "middleware: RateLimit: the burst 0 must be at least 1")
}
