package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"quartet/handler"
	"quartet/service"
	"quartet/service/servicetest"
)

// run is one soak, as the process sees it that asks.
type run struct {
	plan
	out    io.Writer
	files  string // their path, without what is after the last dot
	host   *hostProcess
	caller *caller
	client *service.Client
	chaos  *servicetest.Chaos // nil: none
	began  time.Time
	rows   []row
	before row // what the rows so far have counted

	mu       sync.Mutex // of what the host tells
	moved    int
	problems []string
}

// soak runs a plan until ctx ends or the time is over, and says what was wrong.
func soak(ctx context.Context, p plan, out io.Writer) (problems []string, err error) {
	if err := os.MkdirAll(p.dir, 0o755); err != nil {
		return nil, err
	}
	sockets, err := os.MkdirTemp("", "soak")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(sockets)
	r := &run{plan: p, out: out, files: filepath.Join(p.dir, time.Now().Format("20060102-150405")), caller: &caller{book: newLedger(pages)}}
	fmt.Fprintf(out, "soak: %v, %d calls and %d moves a second, chaos %t, seed %d\n", p.lasts, p.rate, p.moves, p.chaos, p.seed)
	if r.host, err = startHost(p.binary, r.told); err != nil {
		return nil, err
	}
	defer func() {
		if stopped := r.host.stop(); err == nil {
			err = stopped
		}
	}()
	begin := [2]sample{takeSample()}
	if begin[1], err = r.start(sockets); err != nil {
		return nil, err
	}
	end, err := r.work(ctx)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(out, "soak: at rest, before %+v, after %+v\nsoak: %s.csv and %[3]s.svg\n", begin, end, r.files)
	wrong, bad := r.caller.book.close()
	if bad > 0 {
		problems = append(problems, fmt.Sprintf("%d requests break a promise: %q", bad, wrong))
	}
	problems = append(problems, r.problems...)
	return append(problems, judge(p, r.rows, begin, end)...), nil
}

// told hears what the host says.
func (r *run) told(said report) {
	for _, n := range said.Executed {
		r.caller.book.note(n, func(e *entry) { e.executed++ })
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.moved = said.Moves
	if said.Problem != "" && len(r.problems) < 5 {
		r.problems = append(r.problems, said.Problem)
	}
}

// start has the host start and the client know it. It gives the sample of the host at rest.
func (r *run) start(sockets string) (begin sample, err error) {
	key := make([]byte, 32)
	rand.Read(key)
	first := order{Word: wordStart, Dir: sockets, Secret: hex.EncodeToString(key), Moves: r.moves, Seed: r.seed}
	secret, err := service.ParseSecret([]byte(first.Secret))
	if err != nil {
		return sample{}, err
	}
	started, err := r.host.ask(first)
	if err != nil {
		return sample{}, err
	}
	o := []service.ClientOption{
		service.WithSecret(secret), service.WithTimeout(limit / 2), service.WithDeadline(limit),
		service.WithResponses(handler.Func(r.caller.receive)),
	}
	if r.plan.chaos {
		r.chaos = servicetest.NewChaos(r.seed)
		o = append(o, service.WithConnWrapper(r.chaos.Wrap))
	}
	r.client = service.NewClient(o...)
	r.caller.client = r.client
	if err := r.client.Register(theirs, started.Addrs); err != nil {
		return sample{}, err
	}
	if err := r.client.Register(ours, []service.Addr{ourAddr(sockets)}); err != nil {
		return sample{}, err
	}
	_, err = r.host.ask(order{Word: wordJoin})
	return *started.Sample, err
}

// work makes calls, and a row now and then. It gives samples of both at rest again.
func (r *run) work(ctx context.Context) (end [2]sample, err error) {
	working, stop := context.WithCancel(ctx)
	var work sync.WaitGroup
	defer work.Wait()
	defer stop()
	r.began = time.Now()
	work.Go(func() { r.caller.run(working, r.rate) })
	if r.chaos != nil {
		work.Go(func() { breakLinks(working, r.chaos, r.seed) })
	}
	fmt.Fprintln(r.out, header())
	for at := r.every; at <= r.lasts; at += r.every {
		if at > r.every {
			if err := r.host.tell(order{Word: wordOn}); err != nil {
				return end, err
			}
		}
		select {
		case <-time.After(time.Until(r.began.Add(at))):
		case <-ctx.Done():
			at = r.lasts // this row is the last
		}
		if err := r.look(); err != nil {
			return end, err
		}
	}
	stop()
	work.Wait()
	return r.end()
}

// end lets all go, while nothing moves any more.
func (r *run) end() (end [2]sample, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*limit)
	defer cancel()
	if err := r.client.Shutdown(ctx); err != nil {
		return end, err
	}
	last, err := r.host.ask(order{Word: wordEnd})
	if err != nil {
		return end, err
	}
	return [2]sample{takeSample(), *last.Sample}, nil
}

// look makes a row. After it nothing moves until the host is told to go on.
func (r *run) look() error {
	said, err := r.host.ask(order{Word: wordSample})
	if err != nil {
		return err
	}
	<-time.After(settle)
	now := row{at: time.Since(r.began), app: takeSample(), host: *said.Sample}
	r.mu.Lock()
	now.moves = r.moved
	r.mu.Unlock()
	r.caller.count(&now)
	sum := now
	now.calls, now.moves = now.calls-r.before.calls, now.moves-r.before.moves
	for i := range now.ends {
		now.ends[i] -= r.before.ends[i]
	}
	r.before = sum
	r.rows = append(r.rows, now)
	fmt.Fprintln(r.out, now)
	return r.save()
}

// settle is how long the last links of those that moved may take to end.
const settle = 600 * time.Millisecond

// save writes the files anew.
func (r *run) save() error {
	title := fmt.Sprintf("soak of %v, %d calls and %d moves a second", r.rows[len(r.rows)-1].at.Round(time.Second), r.rate, r.moves)
	for ending, write := range map[string]func(io.Writer) error{
		".csv": func(w io.Writer) error { return writeCSV(w, r.rows) },
		".svg": func(w io.Writer) error { return writeSVG(w, title, r.rows) },
	} {
		f, err := os.Create(r.files + ending)
		if err != nil {
			return err
		}
		if err := errors.Join(write(f), f.Close()); err != nil {
			return err
		}
	}
	return nil
}
