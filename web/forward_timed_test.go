package web_test

import (
	"context"
	"io"
	"testing"
	"time"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/internal/timed"
	"quartet/web"
)

// TestTimedBrowserThatLeavesEndsTheLastHandler goes through Offload, service a, which forwards, to service b.
func TestTimedBrowserThatLeavesEndsTheLastHandler(t *testing.T) {
	is := is.New(t)
	began, ended := make(chan bool, 1), make(chan time.Time, 1)
	c := couple(t, always(forwards("b")), always(handler.Func(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
		began <- true
		<-ctx.Done()
		ended <- time.Now()
		return nil, ctx.Err()
	})))
	w := world{addr: listen(t, web.Offload(c, "a"))}
	worst := timed.Stalls()
	var took []time.Duration
	for range 40 {
		conn := w.dial(t)
		_, err := io.WriteString(conn, get("/"))
		is.NoErr(err) // the request is sent
		recv(t, began, "the request")
		left := time.Now()
		is.NoErr(conn.Close())
		took = append(took, recv(t, ended, "the end of the last handler's context").Sub(left))
	}
	timed.Within(t, "the last handler is told", took, 50*time.Millisecond, worst())
}
