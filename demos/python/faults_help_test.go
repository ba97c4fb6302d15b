package python_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/service"
)

// full says that tests shall take their time: QUARTET_FAULTS=full.
var full = os.Getenv("QUARTET_FAULTS") == "full"

const (
	faultRate    = 200                    // calls a second
	faultSends   = 20                     // and Sends
	faultTimeout = 300 * time.Millisecond // of the calls while a worker is stopped
	faultOver    = 50 * time.Millisecond  // by which anything may be late
	faultBack    = 2 * time.Second        // after the return of the workers, a call is answered
)

// crew is an app in Go whose three workers are in Python.
type crew struct {
	*is.I
	t       *testing.T
	client  *service.Client
	places  []*mesh // where each worker is met
	plain   bool
	nap     string // of the work
	workers []*process
	files   []string // their journals

	mu    sync.Mutex
	asked []*asked // by number
}

// asked is one request. The crew's lock guards it until all is settled.
type asked struct {
	sent, again     bool
	begun, deadline time.Time
	told            time.Time
	ends            []error // one, in the end
}

func newCrew(t *testing.T, s setting, plain bool) *crew {
	c := &crew{I: is.New(t), t: t, plain: plain, nap: "20ms"}
	var addrs []service.Addr
	for range 3 {
		m := newMesh(t, s)
		if len(c.places) > 0 {
			m.secret = c.places[0].secret
			if !s.serviceBinds && !plain { // all dial the app; who cannot be told apart needs a place of its own
				m = c.places[0]
			}
		}
		c.places = append(c.places, m)
		if len(addrs) == 0 || m.addr != addrs[0] {
			addrs = append(addrs, m.addr)
		}
	}
	c.client = service.NewClient(service.WithSecret(parsed(t, c.places[0].secret)), service.WithResponses(handler.Func(c.receipt)))
	t.Cleanup(func() { c.NoErr(c.client.Close()) })
	c.NoErr(c.client.Register(slow, addrs))
	for i := range c.places {
		c.workers, c.files = append(c.workers, nil), append(c.files, "")
		c.start(i)
	}
	c.NoErr(c.client.Ready(patiently(t), slow)) // the first is there
	for i := range c.workers {
		c.meets(i)
	}
	return c
}

// start starts a worker, which keeps a journal.
func (c *crew) start(i int) {
	c.files[i] = filepath.Join(c.t.TempDir(), "journal")
	args := []string{"--journal", c.files[i]}
	if c.plain {
		args = append(args, "--plain")
	}
	c.workers[i] = c.places[i].python(c.t, "worker.py", args...)
}

// meets waits until a worker has begun something.
func (c *crew) meets(i int) {
	c.t.Helper()
	eventually(c.t, "a worker is asked", func() bool {
		c.call(false, 0)
		info, err := os.Stat(c.files[i])
		return err == nil && info.Size() > 0
	})
}

func (c *crew) open(sent, again bool, timeout time.Duration) (int, *asked, *handler.Request) {
	if timeout == 0 {
		timeout = service.DefaultTimeout
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	a := &asked{sent: sent, again: again, begun: time.Now()}
	a.deadline = a.begun.Add(timeout)
	c.asked = append(c.asked, a)
	n := len(c.asked) - 1
	return n, a, request(fmt.Sprintf("call %d", n), c.nap)
}

// call makes a Call; timeout 0 is the usual one.
func (c *crew) call(again bool, timeout time.Duration) {
	n, a, r := c.open(false, again, timeout)
	var o []service.CallOption
	if again {
		o = append(o, service.WithIdempotent())
	}
	ctx, cancel := context.WithDeadline(context.Background(), a.deadline)
	defer cancel()
	reply, err := c.client.Call(ctx, slow, r, o...)
	if err == nil {
		err = rightAnswer(n, reply.Response)
	}
	c.end(a, err)
}

func (c *crew) send() {
	_, a, r := c.open(true, false, 0)
	if _, err := c.client.Send(context.Background(), slow, r); err != nil {
		c.end(a, err)
	}
}

// receipt takes the answers to Sends.
func (c *crew) receipt(_ context.Context, r *handler.Request) (*handler.Response, error) {
	var n int
	if _, err := fmt.Sscanf(string(r.Body), "call %d", &n); err != nil {
		return nil, err
	}
	c.mu.Lock()
	a := c.asked[n]
	c.mu.Unlock()
	if a.sent {
		c.end(a, rightAnswer(n, r.Answer))
	}
	return &handler.Response{}, nil
}

func rightAnswer(n int, resp *handler.Response) error {
	if err := resp.AsError(); err != nil {
		return err
	}
	if want := fmt.Sprintf("call %d", n); resp.Text() != want {
		return fmt.Errorf("the answer to %q is %q", want, resp.Text())
	}
	return nil
}

func (c *crew) end(a *asked, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a.told = time.Now()
	a.ends = append(a.ends, err)
}

// pour asks all the time, until stop is called, which waits for the last answer.
func (c *crew) pour(rate int, one func()) (stop func()) {
	end := make(chan struct{})
	var ended, all sync.WaitGroup
	ended.Go(func() {
		tick := time.NewTicker(time.Second / time.Duration(rate))
		defer tick.Stop()
		for {
			select {
			case <-end:
				return
			case <-tick.C:
				all.Go(one)
			}
		}
	})
	return func() {
		close(end)
		ended.Wait()
		all.Wait()
	}
}

// failures are those that ended otherwise than expected; nil expects an answer.
func (c *crew) failures(expected ...error) (list []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for n, a := range c.asked {
		fine := len(a.ends) == 1 && (a.ends[0] == nil || slices.ContainsFunc(expected, func(e error) bool { return errors.Is(a.ends[0], e) }))
		if !fine {
			list = append(list, fmt.Sprintf("%d, asked at %v: %v", n, a.begun.Format("05.000"), a.ends))
		}
	}
	return list[:min(len(list), 5)]
}

// lost counts those whose worker went away.
func (c *crew) lost(again bool) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, a := range c.asked {
		if len(a.ends) == 1 && a.again == again && errors.Is(a.ends[0], service.ErrLost) {
			n++
		}
	}
	return n
}

// problems reads the journals, when all has ended: nothing ran twice, but what was declared so, and nothing late.
func (c *crew) problems(files []string, slack time.Duration) (list []string) {
	runs := map[int]int{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		c.NoErr(err)
		for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
			var n int
			var at int64
			if _, err := fmt.Sscanf(lines.Text(), "call %d %d", &n, &at); err != nil {
				continue // it was killed
			}
			runs[n]++
			a := c.asked[n]
			if late := time.UnixMicro(at).Sub(a.deadline); late > slack {
				list = append(list, fmt.Sprintf("%d ran %v after its deadline", n, late))
			}
			if most := map[bool]int{false: 1, true: 2}[a.again]; runs[n] > most {
				list = append(list, fmt.Sprintf("%d ran %d times", n, runs[n]))
			}
		}
	}
	return list[:min(len(list), 5)]
}
