package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"quartet/handler"
	"quartet/service"
)

// What the two processes say to each other, one value after the other. The first order starts the host, the others have
// a word each.
type (
	order struct {
		Word   string // one of the words below
		Dir    string // the rest is for start: of the sockets
		Secret string
		Moves  int // a second
		Seed   uint64
	}
	report struct {
		Addrs    []service.Addr // of theirs: the host has started
		Joined   bool           // all instances have the client
		Sample   *sample        // with all instances there, or none in the beginning and the end
		Problem  string
		Moves    int      // so far; in every report
		Executed []uint64 // numbers of requests, since the last report; in every one
	}
)

const (
	wordStart  = "start"
	wordJoin   = "join"   // the client is there
	wordSample = "sample" // nothing moves until the next word
	wordOn     = "go on"
	wordEnd    = "end"
)

// host is the process that answers.
type host struct {
	slots  []*slot
	free   chan *slot // that may leave
	moving sync.RWMutex
	cut    *rand.Rand // used by the goroutine that moves

	mu       sync.Mutex
	out      *json.Encoder
	executed []uint64
	moves    int
}

// beHost is the life of the host. It ends with the client's word, or with the client.
func beHost(in io.Reader, out io.Writer) error {
	signal.Ignore(os.Interrupt, syscall.SIGTERM) // Ctrl-C is for both, and the client's to take
	orders := json.NewDecoder(in)
	var start order
	if err := orders.Decode(&start); err != nil {
		return fmt.Errorf("the host's orders: %w", err)
	}
	h := &host{out: json.NewEncoder(out), free: make(chan *slot, ourSlots+theirSlots), cut: rand.New(rand.NewPCG(start.Seed, 0))}
	if err := h.start(start); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	var work sync.WaitGroup
	defer work.Wait()
	defer stop()
	work.Go(func() { h.tellExecuted(ctx) })
	for {
		var o order
		if err := orders.Decode(&o); err != nil {
			return fmt.Errorf("the host's orders: %w", err)
		}
		switch o.Word {
		case wordJoin:
			if err := h.joinOurs(); err != nil {
				return err
			}
			work.Go(func() { h.move(ctx, start.Moves) })
			h.tell(report{Joined: true})
		case wordSample:
			h.moving.Lock()
			s := takeSample()
			h.tell(report{Sample: &s})
		case wordOn:
			h.moving.Unlock()
		case wordEnd:
			stop()
			work.Wait()
			return h.end()
		}
	}
}

func (h *host) start(o order) error {
	begin := takeSample()
	secret, err := service.ParseSecret([]byte(o.Secret))
	if err != nil {
		return err
	}
	for n := range ourSlots + theirSlots {
		s := &slot{name: ours, addr: ourAddr(o.Dir), handler: handler.Func(h.serve), secret: secret}
		if n >= ourSlots {
			s.name, s.addr = theirs, service.Addr{Requests: "tcp://127.0.0.1:0", Responses: "tcp://127.0.0.1:0", ServiceBinds: true}
		}
		h.slots = append(h.slots, s)
		if n != 0 && n != ourSlots {
			h.free <- s
		}
	}
	var addrs []service.Addr
	for _, s := range h.slots[ourSlots:] {
		if err := s.join(true); err != nil {
			return err
		}
		s.addr = s.server.Addrs()[0] // it keeps its ports
		addrs = append(addrs, s.addr)
	}
	h.tell(report{Addrs: addrs, Sample: &begin})
	return nil
}

func ourAddr(dir string) service.Addr {
	return service.Addr{Requests: "ipc://" + filepath.Join(dir, "q"), Responses: "ipc://" + filepath.Join(dir, "a")}
}

func (h *host) joinOurs() error {
	for _, s := range h.slots[:ourSlots] {
		if err := s.join(false); err != nil {
			return err
		}
	}
	return nil
}

// serve naps for some milliseconds and says what it heard, or panics.
func (h *host) serve(ctx context.Context, r *handler.Request) (*handler.Response, error) {
	n, err := strconv.ParseUint(r.Arg(numberArg, ""), 10, 64)
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	h.executed = append(h.executed, n)
	h.mu.Unlock()
	select {
	case <-time.After(time.Duration(1+n%5) * time.Millisecond):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if panics(n) {
		panic("soak: as it should, now and then")
	}
	return &handler.Response{Body: r.Body}, nil
}

// move lets so many instances a second leave and come back, one in ten without a word to those who wait.
func (h *host) move(ctx context.Context, rate int) {
	var moves sync.WaitGroup
	defer moves.Wait()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	began := time.Now()
	for made := 0; ; made++ {
		for int(time.Since(began).Seconds()*float64(rate)) <= made || !h.moving.TryRLock() {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
		select {
		case s := <-h.free:
			cut := h.cut.IntN(10) == 0
			moves.Go(func() {
				defer h.moving.RUnlock()
				h.moveOne(s, cut)
				h.free <- s
			})
		case <-ctx.Done():
			h.moving.RUnlock()
			return
		}
	}
}

func (h *host) moveOne(s *slot, cut bool) {
	err := errors.Join(s.leave(cut), s.join(false))
	h.mu.Lock()
	h.moves++
	h.mu.Unlock()
	if err != nil {
		h.tell(report{Problem: err.Error()})
	}
}

func (h *host) tellExecuted(ctx context.Context) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			h.tell(report{})
		case <-ctx.Done():
			return
		}
	}
}

// tell says something, with what was executed meanwhile.
func (h *host) tell(r report) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r.Executed, r.Moves = h.executed, h.moves
	_ = h.out.Encode(r) // the client is gone if it fails, and so ends this process
	h.executed = h.executed[:0]
}

// end lets all instances go and tells what is left.
func (h *host) end() error {
	var err error
	for _, s := range h.slots {
		err = errors.Join(err, s.leave(false))
	}
	s := takeSample()
	h.tell(report{Sample: &s})
	return err
}
