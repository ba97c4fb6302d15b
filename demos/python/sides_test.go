package python_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"quartet/handler"
	"quartet/service"
)

const (
	slow = "slow"
	path = "/service/slow"
)

// Heartbeats are quick, so that a side that does not answer PING is cut off within a test.
var heartbeat = service.WithHeartbeat(200*time.Millisecond, 2*time.Second)

// ledger counts what was done, by what it was.
type ledger struct {
	mu    sync.Mutex
	times map[string]int
}

func (l *ledger) add(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.times == nil {
		l.times = map[string]int{}
	}
	l.times[what]++
}

// twice lists what was done more than once.
func (l *ledger) twice() (list []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for what, n := range l.times {
		if n > 1 {
			list = append(list, what)
		}
	}
	return list
}

func (l *ledger) len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.times)
}

// echo is the slow echo in Go. Bodies begin with two words, the app and the number of the call.
func echo(done func(call string)) handler.Handler {
	var mux handler.Mux
	mux.Method(handler.MethodRequest, path, handler.Func(func(ctx context.Context, r *handler.Request) (*handler.Response, error) {
		delay, err := time.ParseDuration(r.Arg("delay", "0s"))
		if err != nil {
			return nil, err
		}
		words := strings.Fields(string(r.Body))
		done(strings.Join(words[:2], " "))
		if delay > 0 {
			select {
			case <-time.After(delay):
			case <-ctx.Done():
				return nil, context.Cause(ctx)
			}
		}
		return handler.Text(string(r.Body)), nil
	}))
	return &mux
}

// server starts an instance in Go.
func (m *mesh) server(t *testing.T, w *watch, done func(call string)) *service.Server {
	t.Helper()
	s := service.NewServer(slow, echo(done), service.WithSecret(parsed(t, m.secret)), heartbeat,
		service.WithHook(w.hook))
	served := make(chan error, 1)
	go func() { served <- s.Serve(m.addr) }()
	t.Cleanup(func() {
		s.Close()
		if err := <-served; !errors.Is(err, service.ErrClosed) {
			t.Errorf("the server ended: %v", err)
		}
	})
	return s
}

// client is an app in Go.
type client struct {
	*service.Client
	receipts chan *handler.Response // of what was sent
}

func (m *mesh) client(t *testing.T, w *watch) client {
	t.Helper()
	c := client{receipts: make(chan *handler.Response, 1)}
	c.Client = service.NewClient(service.WithSecret(parsed(t, m.secret)), heartbeat, service.WithHook(w.hook),
		service.WithWait(patience), service.WithTimeout(patience), service.WithResponses(c.responses()))
	t.Cleanup(func() { c.Close() })
	if err := c.Register(slow, []service.Addr{m.addr}); err != nil {
		t.Fatal(err)
	}
	return c
}

// responses hands on what comes back from Send.
func (c client) responses() handler.Handler {
	return handler.Func(func(_ context.Context, r *handler.Request) (*handler.Response, error) {
		if !strings.HasPrefix(string(r.Body), "go ") {
			c.receipts <- r.Answer
		}
		return nil, nil
	})
}

func request(body, delay string) *handler.Request {
	return &handler.Request{Path: path, Method: "request", Args: map[string]string{"delay": delay}, Body: []byte(body)}
}

// call is one call, with everything about its answer checked.
func call(ctx context.Context, c service.Caller, number int, delay string) error {
	body := fmt.Sprintf("go %d", number)
	reply, err := c.Call(ctx, slow, request(body, delay))
	switch {
	case err != nil:
		return err
	case reply.Code() != 200 || reply.Text() != body:
		return fmt.Errorf("the answer to %q is %d %q", body, reply.Code(), reply.Text())
	}
	return nil
}

// tally is what became of calls.
type tally struct{ answered, lost atomic.Int64 }

// calls makes many calls, some at a time, and returns the first error that is no loss.
func calls(ctx context.Context, c service.Caller, count, atOnce int, delay string, t *tally) error {
	var next atomic.Int64
	errs := make(chan error, atOnce)
	for range atOnce {
		go func() {
			for {
				number := int(next.Add(1))
				if number > count {
					errs <- nil
					return
				}
				switch err := call(ctx, c, number, delay); {
				case err == nil:
					t.answered.Add(1)
				case errors.Is(err, service.ErrLost):
					t.lost.Add(1)
				default:
					errs <- fmt.Errorf("call %d: %w", number, err)
					return
				}
			}
		}()
	}
	var first error
	for range atOnce {
		if err := <-errs; first == nil {
			first = err
		}
	}
	return first
}

// account is what caller.py prints at its end.
type account struct {
	Calls, Answered, Lost, Late, Wrong, Doubled, Stray int
	SentBack                                           int `json:"sent_back"`
}

func (p *process) account(t *testing.T) (a account) {
	t.Helper()
	if err := json.Unmarshal([]byte(p.stdout.String()), &a); err != nil {
		t.Fatalf("the caller's account: %v", err)
	}
	return a
}
