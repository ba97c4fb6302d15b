package faults_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"quartet/handler"
	"quartet/service"
)

// ledger keeps book of every request by a number of its own: when it was asked, where and when it ran, how it ended.
type ledger struct {
	mu      sync.Mutex
	entries []*entry // by number
}

// entry is one request. While others may write to it the ledger's lock guards it.
type entry struct {
	n        int
	sent     bool // fire-and-forget
	again    bool // declared idempotent
	mark     string
	begun    time.Time
	deadline time.Time
	runs     []run
	told     time.Time // when the caller was told how it ended, or that it was accepted
	refusal  error     // of a Send: it was not accepted
	ended    []error   // of a Call its end, of a Send its receipts; nil is an answer
	crossed  bool      // the answer was another's
}

// run is one execution.
type run struct {
	pid      int
	at, left time.Time // when it began, and when its context ended before it did
}

const svc, path = "work", "/work"

// ask describes a request.
type ask struct {
	nap     time.Duration // of the handler
	timeout time.Duration // of the call, or of the work that is sent; 0: as usual
	again   bool
	mark    string // by which a test finds its own
	path    string // "": path
}

func (l *ledger) open(a ask, sent bool) (*entry, *handler.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := &entry{n: len(l.entries), sent: sent, again: a.again, mark: a.mark, begun: time.Now()}
	if e.deadline = e.begun.Add(service.DefaultTimeout); a.timeout > 0 {
		e.deadline = e.begun.Add(a.timeout)
	}
	l.entries = append(l.entries, e)
	r := &handler.Request{Path: path, Args: map[string]string{"n": strconv.Itoa(e.n), "nap": a.nap.String()}}
	if a.path != "" {
		r.Path = a.path
	}
	return e, r
}

// call makes one Call.
func (l *ledger) call(ctx context.Context, c service.Caller, a ask) *entry {
	e, r := l.open(a, false)
	var o []service.CallOption
	if a.timeout > 0 {
		o = append(o, service.WithTimeout(a.timeout))
	}
	if a.again {
		o = append(o, service.WithIdempotent())
	}
	reply, err := c.Call(ctx, svc, r, o...)
	var resp *handler.Response
	if err == nil {
		resp = reply.Response
	}
	l.end(e, resp, err)
	return e
}

// send makes one Send.
func (l *ledger) send(ctx context.Context, c service.Caller, a ask) *entry {
	e, r := l.open(a, true)
	var o []service.CallOption
	if a.timeout > 0 {
		o = append(o, service.WithDeadline(a.timeout))
	}
	_, err := c.Send(ctx, svc, r, o...)
	l.mu.Lock()
	defer l.mu.Unlock()
	e.told, e.refusal = time.Now(), err
	return e
}

// receipts is the response handler of clients that send.
func (l *ledger) receipts() handler.Handler {
	return handler.Func(func(_ context.Context, r *handler.Request) (*handler.Response, error) {
		if e := l.entry(r.Arg("n", "")); e != nil && e.sent {
			l.end(e, r.Answer, nil)
		}
		return &handler.Response{}, nil
	})
}

// end notes how a request ended.
func (l *ledger) end(e *entry, resp *handler.Response, err error) {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		err = resp.AsError()
	}
	if err == nil && resp.Text() != strconv.Itoa(e.n) {
		e.crossed = true
	}
	if e.ended = append(e.ended, err); !e.sent {
		e.told = now
	}
}

func (l *ledger) entry(n string) *entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	i, err := strconv.Atoi(n)
	if err != nil || i < 0 || i >= len(l.entries) {
		return nil
	}
	return l.entries[i]
}

// ran notes an execution, and left that its context ended before it did.
func (l *ledger) ran(n, pid int, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries[n].runs = append(l.entries[n].runs, run{pid: pid, at: at})
}

func (l *ledger) left(n, pid int, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, r := range l.entries[n].runs {
		if r.pid == pid {
			l.entries[n].runs[i].left = at
		}
	}
}

// count counts entries.
func (l *ledger) count(of func(*entry) bool) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.entries {
		if of(e) {
			n++
		}
	}
	return n
}

// find gives the entries of a kind; it is for those that nobody writes to any more.
func (l *ledger) find(of func(*entry) bool) []*entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []*entry
	for _, e := range l.entries {
		if of(e) {
			found = append(found, e)
		}
	}
	return found
}

func (e *entry) answered() bool { return len(e.ended) == 1 && e.ended[0] == nil }
func (e *entry) failed() bool   { return e.refusal != nil || len(e.ended) == 1 && e.ended[0] != nil }
func (e *entry) lost() bool     { return len(e.ended) == 1 && errors.Is(e.ended[0], service.ErrLost) }

// at says whether it ran in a process.
func (e *entry) at(pid int) bool {
	return slices.ContainsFunc(e.runs, func(r run) bool { return r.pid == pid })
}

func (e *entry) String() string {
	runs := ""
	for _, r := range e.runs {
		runs += fmt.Sprintf(" at %d after %v", r.pid, r.at.Sub(e.begun))
	}
	return fmt.Sprintf("%d %s: ran%s; told after %v: %v %v", e.n, e.mark, runs, e.told.Sub(e.begun), e.refusal, e.ended)
}

// problems lists what breaks a promise, whatever the fault was; it is for the time when all is settled. slack is what the
// machine adds to times.
func (l *ledger) problems(slack time.Duration) (found []string) {
	for _, e := range l.find(func(*entry) bool { return true }) {
		if p := e.problem(slack); p != "" {
			found = append(found, p+": "+e.String())
		}
	}
	return found[:min(len(found), 10)]
}

func (e *entry) problem(slack time.Duration) string {
	most := 1
	if e.again {
		most = 2
	}
	late := func(r run) bool { return r.at.After(e.deadline.Add(slack)) }
	switch {
	case e.crossed:
		return "the answer belongs to another request"
	case len(e.runs) > most:
		return "it ran too often"
	case slices.ContainsFunc(e.runs, late):
		return "it ran after its deadline"
	case e.refusal != nil && (len(e.ended) > 0 || len(e.runs) > 0):
		return "a Send that was refused ran, or has a receipt"
	case e.refusal == nil && len(e.ended) != 1:
		return "it ended not once"
	case e.answered() && len(e.runs) == 0:
		return "an answer without an execution"
	case e.failed() && e.refusal == nil && !mayHaveRun(e.ended[0]) && len(e.runs) > 0:
		return "it ran, though its caller was told that it did not"
	}
	return ""
}

// mayHaveRun is what the kind of a failure tells.
func mayHaveRun(err error) bool {
	var e *handler.Error
	if errors.As(err, &e) && e.Remote {
		return true
	}
	return errors.Is(err, service.ErrCanceled) || errors.Is(err, service.ErrTimeout) || errors.Is(err, service.ErrLost)
}
