package service_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/service"
	"quartet/service/servicetest"
)

// arrival is what a handler got to see.
type arrival struct {
	*handler.Request
	deadline time.Time
}

// arrivals is a handler that keeps them, and answers with all that an answer may have.
type arrivals chan arrival

func (a arrivals) Serve(ctx context.Context, r *handler.Request) (*handler.Response, error) {
	a.note(ctx, r)
	return &handler.Response{
		Status: 201, Reason: "made it", Method: "made", Header: map[string][]string{"x": {"1", "2"}}, Body: []byte("answer"),
	}, nil
}

func (a arrivals) note(ctx context.Context, r *handler.Request) {
	deadline, _ := ctx.Deadline()
	a <- arrival{r.Clone(), deadline}
}

// answered is a response handler that keeps what it gets.
type answered chan *handler.Request

func (a answered) Serve(_ context.Context, r *handler.Request) (*handler.Response, error) {
	a <- r.Clone()
	return handler.Text("seen"), nil
}

// changing forwards a request that it has changed in all that it can be changed in.
func changing(first arrivals) handler.Handler {
	return handler.Func(func(ctx context.Context, r *handler.Request) (*handler.Response, error) {
		first.note(ctx, r)
		r.Method = "patch"
		r.SetHeader("added", "yes")
		r.Args["b"] = "2"
		r.Body = append([]byte("changed "), r.Body...)
		return handler.Forward(beyond, "/there"), nil
	})
}

func asking() *handler.Request {
	return &handler.Request{
		Path: "/asked", Method: "put", Body: []byte("body"), Args: map[string]string{"a": "1"},
		Header: map[string][]string{"h": {"1", "2"}, "quartet-request-id": {"r-1"}},
	}
}

// TestForward in all ways to connect, and with the other side binding in between: what arrives, what comes back, and who
// hears of it.
func TestForward(t *testing.T) {
	t.Parallel()
	inEveryWorld(t, func(t *testing.T, addr service.Addr) {
		inBothWays(t, func(t *testing.T, relay bool) {
			is := is.New(t)
			first, last, got := make(arrivals, 2), make(arrivals, 2), make(answered, 2)
			w := newWay(t, relay, beside(t, addr), changing(first), last, service.WithResponses(got))

			reply, err := w.app.Call(t.Context(), svc, asking(), service.WithTimeout(7*time.Second))
			is.NoErr(err)
			forwarded(is, recv(t, first, "the first"), recv(t, last, "the last"))
			is.Equal(reply.Code(), 201)
			is.Equal(reply.Reason, "made it")
			is.Equal(reply.Response.Method, "made")
			is.Equal(reply.Header, map[string][]string{"x": {"1", "2"}})
			is.Equal(reply.Response.Text(), "answer")
			is.NoErr(reply.MadeErr)
			is.Equal(reply.Made.Text(), "seen")
			answerSeen(is, recv(t, got, "the response handler ran"))

			id, err := w.app.Send(t.Context(), svc, asking(), service.WithDeadline(7*time.Second))
			is.NoErr(err)
			forwarded(is, recv(t, first, "the first"), recv(t, last, "the last"))
			receipt := recv(t, got, "the receipt")
			answerSeen(is, receipt)
			is.Equal(receipt.ID(), id) // what Send returned
			w.rest(t)
			is.NoErr(w.app.Shutdown(t.Context()))
			is.Equal(len(got), 0) // once each
		})
	})
}

// forwarded says that the last service got what the first left to it.
func forwarded(is *is.I, first, last arrival) {
	is.Helper()
	is.Equal(last.Path, "/there")
	is.Equal(last.Method, "patch")
	is.Equal(last.Header["h"], []string{"1", "2"})
	is.Equal(last.Header["added"], []string{"yes"})
	is.Equal(last.Args, map[string]string{"a": "1", "b": "2"})
	is.Equal(string(last.Body), "changed body")
	is.True(first.From() != "")
	is.Equal(last.From(), first.From()) // the one who asks stays
	is.True(last.ID() != first.ID())    // the attempt is another
	is.Equal(first.Trail().RequestID, "r-1")
	is.Equal(last.Trail().RequestID, "r-1")
	is.Equal(first.Trail().Hops, 1)
	is.Equal(last.Trail().Hops, 2)
	later := last.deadline.Sub(first.deadline)
	is.True(later.Abs() < time.Second) // the deadline stays; TestForwardKeepsTheTime is exact
}

// answerSeen says that a response handler got the answer to what was asked.
func answerSeen(is *is.I, r *handler.Request) {
	is.Helper()
	is.Equal(r.Path, "/asked")                    // the path that was asked
	is.Equal(r.Args, map[string]string{"a": "1"}) // and the arguments
	is.Equal(r.Method, "made")                    // the METHOD of the answer
	is.Equal(r.Header["x"], []string{"1", "2"})   // and its header
	is.Equal(string(r.Body), "answer")            // and body
	is.Equal(r.Answer.Code(), 201)                // all of it
	is.Equal(r.Trail(), handler.Trail{RequestID: "r-1", Hops: 1})
}

// TestForwardAsItIs: without a path and without changes the request arrives as it was asked, whichever Mux was on its way.
func TestForwardAsItIs(t *testing.T) {
	t.Parallel()
	inBothWays(t, func(t *testing.T, relay bool) {
		is := is.New(t)
		var inner, mux handler.Mux
		inner.Handle("/{x}", forwards(beyond, ""))
		mux.Mount("/files", &inner)
		last := make(arrivals, 1)
		w := newWay(t, relay, servicetest.Addr(), &mux, last)
		_, err := w.app.Call(t.Context(), svc, &handler.Request{Path: "/files/a%2Fb"})
		is.NoErr(err)
		got := recv(t, last, "the last")
		is.Equal(got.Path, "/files/a%2Fb")
		is.Equal(got.Method, "request")
		is.Equal(len(got.Args)+len(got.Body), 0)
		w.rest(t)
	})
}

// TestForwardToItself: the place in the window and the handler are free before the request comes again.
func TestForwardToItself(t *testing.T) {
	t.Parallel()
	inEveryWorld(t, func(t *testing.T, addr service.Addr) {
		is := is.New(t)
		var mux handler.Mux
		mux.Handle("/one", forwards(svc, "/two"))
		mux.Handle("/two", forwards(svc, "/three"))
		mux.Handle("/three", echo)
		c := newClient(t, addr)
		s := serve(t, c, svc, &mux, addr, service.WithConcurrency(1), service.WithBacklog(0), service.WithWindow(1, 1))
		for range 20 {
			reply, err := c.Call(t.Context(), svc, &handler.Request{Path: "/one", Body: []byte("x")})
			is.NoErr(err)
			is.Equal(reply.Text(), "x")
		}
		await(t, "nothing is left", func() bool { return len(c.Leftovers())+len(s.Leftovers()) == 0 })
	})
}

// TestForwardKeepsTheTime follows the clock of a bubble: what the first service used up is gone, and nothing else.
func TestForwardKeepsTheTime(t *testing.T) {
	t.Parallel()
	inBothWays(t, func(t *testing.T, relay bool) {
		synctest.Test(t, func(t *testing.T) {
			is := is.New(t)
			first := handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) {
				time.Sleep(3 * time.Second)
				return handler.Forward(beyond, ""), nil
			})
			left := make(chan time.Duration, 1)
			last := handler.Func(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
				deadline, _ := ctx.Deadline()
				left <- time.Until(deadline)
				<-ctx.Done()
				return nil, ctx.Err()
			})
			got := make(receipts, 1)
			w := newWay(t, relay, servicetest.Addr(), first, last, service.WithResponses(got))
			began := time.Now()
			_, err := w.app.Call(t.Context(), svc, &handler.Request{Path: "/"}, service.WithTimeout(time.Minute))
			is.Equal(time.Since(began), time.Minute)
			is.Equal(<-left, 57*time.Second)
			failed(is, err, service.ErrTimeout, 504)

			began = time.Now()
			send(t, w.app, service.WithDeadline(2*time.Minute))
			is.Equal((<-got).Answer.Status, 504)
			is.Equal(time.Since(began), 2*time.Minute) // no time limit of a client in between
			is.Equal(<-left, 2*time.Minute-3*time.Second)
		})
	})
}

// TestForwardThatCannotTravel: the log of the service says why, and its caller that it is to blame.
func TestForwardThatCannotTravel(t *testing.T) {
	t.Parallel()
	inBothWays(t, func(t *testing.T, relay bool) {
		is := is.New(t)
		w := newWay(t, relay, servicetest.Addr(), handler.Func(func(_ context.Context, r *handler.Request) (*handler.Response, error) {
			r.SetHeader("Upper-Case", "no header of ours")
			return handler.Forward(beyond, ""), nil
		}), echo)
		r := recv(t, ask(t.Context(), w.app, "/"), "the answer")
		is.NoErr(r.err)
		is.Equal(r.Code(), 500)
		is.Equal(r.Reason, "internal error")
		w.rest(t)
	})
}

// TestResponseHandlerThatForwards: its request was answered; nothing can follow.
func TestResponseHandlerThatForwards(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var log journal
	var asked atomic.Int32
	addr, next := servicetest.Addr(), servicetest.Addr()
	c := newClient(t, addr, service.WithResponses(forwards(beyond, "/there")), service.WithLogger(log.logger()))
	hold(t, c, beyond, next)
	serve(t, c, beyond, handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) {
		asked.Add(1)
		return handler.Text("there"), nil
	}), next)
	serve(t, c, svc, echo, addr)
	reply, err := c.Call(t.Context(), svc, &handler.Request{Path: "/", Body: []byte("x")})
	is.NoErr(err)
	is.Equal(reply.Text(), "x") // the answer is as good as any
	is.Equal(reply.Made, nil)
	is.True(reply.MadeErr != nil)
	is.True(strings.Contains(reply.MadeErr.Error(), "cannot forward"))
	is.True(strings.Contains(log.String(), "cannot forward")) // for Sends, too, where it is all there is
	send(t, c)
	is.NoErr(c.Shutdown(t.Context()))
	is.Equal(strings.Count(log.String(), "cannot forward"), 2)
	is.Equal(asked.Load(), int32(0)) // it was not followed
}
