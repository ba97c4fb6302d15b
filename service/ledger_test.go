package service_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"

	"quartet/handler"
	"quartet/service"
)

// ledger keeps book of every request of a run, by a number of its own: sent, executed, answered, refused,
// lost. See problems for what must not be.
type ledger struct {
	last atomic.Uint64
	mu   sync.Mutex
	page map[uint64]*entry
}

type entry struct {
	sent     bool // fire-and-forget
	accepted bool // of a Send: it returned no error
	executed int
	answered int // with its own number
	crossed  int // with another
	refused  int // the caller was told that it did not run
	lost     int // the caller was told that it may have run
	handled  int // calls of the response handler
}

func newLedger() *ledger { return &ledger{page: map[uint64]*entry{}} }

const numberArg = "n"

func (l *ledger) open(sent bool) (uint64, *handler.Request) {
	n := l.last.Add(1)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.page[n] = &entry{sent: sent}
	return n, &handler.Request{Path: "/ledger", Args: map[string]string{numberArg: strconv.FormatUint(n, 10)}}
}

func (l *ledger) note(n uint64, f func(*entry)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.page[n]
	if e == nil { // nobody asked for it
		e = &entry{}
		l.page[n] = e
	}
	f(e)
}

func numberOf(r *handler.Request) uint64 {
	n, _ := strconv.ParseUint(r.Arg(numberArg, "0"), 10, 64)
	return n
}

// work is the handler of the services: it enters every execution, does the work and answers with the number.
func (l *ledger) work(do func(context.Context) error) handler.Handler {
	return handler.Func(func(ctx context.Context, r *handler.Request) (*handler.Response, error) {
		l.note(numberOf(r), func(e *entry) { e.executed++ })
		if err := do(ctx); err != nil {
			return nil, err
		}
		return handler.Text(r.Arg(numberArg, "")), nil
	})
}

// call makes one Call and enters how it ended.
func (l *ledger) call(ctx context.Context, c service.Caller, o ...service.CallOption) error {
	n, r := l.open(false)
	reply, err := c.Call(ctx, svc, r, o...)
	if err == nil {
		err = reply.AsError()
	}
	l.enter(n, reply, err)
	return err
}

func (l *ledger) enter(n uint64, reply *service.Reply, err error) {
	l.note(n, func(e *entry) {
		switch {
		case err == nil && reply.Text() == strconv.FormatUint(n, 10):
			e.answered++
		case err == nil:
			e.crossed++
		case mayHaveRun(err):
			e.lost++
		default:
			e.refused++
		}
	})
}

// mayHaveRun is what a caller is told by the kind of a failure. An answer of the service says that it did.
func mayHaveRun(err error) bool {
	var e *handler.Error
	if errors.As(err, &e) && e.Remote {
		return true
	}
	for _, o := range []error{service.ErrCanceled, service.ErrTimeout, service.ErrLost} {
		if errors.Is(err, o) {
			return true
		}
	}
	return false
}

// send makes one Send. Its end comes to the response handler.
func (l *ledger) send(ctx context.Context, c service.Caller, o ...service.CallOption) error {
	n, r := l.open(true)
	_, err := c.Send(ctx, svc, r, o...)
	l.note(n, func(e *entry) {
		e.accepted = err == nil
		if err != nil {
			e.refused++
		}
	})
	return err
}

// responses is the response handler of the client. For a Send it enters how it ended.
func (l *ledger) responses() handler.Handler {
	return handler.Func(func(_ context.Context, r *handler.Request) (*handler.Response, error) {
		n := numberOf(r)
		l.note(n, func(e *entry) { e.handled++ })
		if l.isSent(n) {
			l.enter(n, &service.Reply{Response: r.Answer}, r.Answer.AsError())
		}
		return &handler.Response{}, nil
	})
}

func (l *ledger) isSent(n uint64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.page[n].sent
}

// each looks at every entry.
func (l *ledger) each(look func(n uint64, e *entry)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for n, e := range l.page {
		look(n, e)
	}
}

// total sums up a column.
func (l *ledger) total(of func(*entry) int) (sum int) {
	l.each(func(_ uint64, e *entry) { sum += of(e) })
	return sum
}

func (l *ledger) String() string {
	return fmt.Sprintf("%d requests: %d executed, %d answered, %d refused, %d lost", len(l.page),
		l.total(func(e *entry) int { return e.executed }), l.total(func(e *entry) int { return e.answered }),
		l.total(func(e *entry) int { return e.refused }), l.total(func(e *entry) int { return e.lost }))
}

// problems lists every entry that breaks a promise; it is for the time when all is settled.
func (l *ledger) problems() (found []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for n, e := range l.page {
		if p := e.problem(); p != "" {
			found = append(found, fmt.Sprintf("request %d: %s: %+v", n, p, *e))
		}
	}
	return found
}

func (e *entry) problem() string {
	ends := e.answered + e.refused + e.lost + e.crossed
	switch {
	case e.crossed > 0:
		return "the answer belongs to another request"
	case e.executed > 1:
		return "it was executed again"
	case ends == 0:
		return "a loss that nobody was told of"
	case ends > 1:
		return "it ended more than once"
	case e.answered == 1 && e.executed == 0:
		return "an answer without an execution"
	case e.refused == 1 && e.executed > 0:
		return "it ran, though its caller was told that it did not"
	case e.sent && e.accepted && e.handled != 1:
		return "an accepted Send without exactly one call of its response handler"
	case e.sent && !e.accepted && e.handled != 0:
		return "a response handler was called for what was not sent"
	}
	return ""
}
