package service_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"quartet/handler"
	"quartet/service"
)

// How many of each kind an app has.
const (
	layoutPatient   = 5 // callers that wait as long as it takes
	layoutImpatient = 2 // that leave, or set deadlines about as short as the work is long
	layoutSenders   = 2
)

// layoutUnsettled is how many Sends of an app may have no receipt yet, so that a slow machine is not flooded.
const layoutUnsettled = 16

// layoutAsk is what a caller asks for.
type layoutAsk struct{ service, path string }

// layoutCall is a call that is under way, or a Send that has no receipt yet.
type layoutCall struct {
	app     *layoutApp
	what    string
	patient bool
	spell   uint64 // when it began
}

// load keeps callers busy until the client is closed or the run is over.
func (a *layoutApp) load() {
	if len(a.targets) == 0 {
		return
	}
	loop := func(n int, one func(*rand.Rand, layoutAsk) error) {
		for range n {
			random := rand.New(rand.NewPCG(a.run.seed, a.run.callers.Add(1)))
			a.callers.Go(func() {
				for !a.run.over.Load() {
					if err := one(random, a.targets[random.IntN(len(a.targets))]); errors.Is(err, service.ErrClosed) {
						return
					}
				}
			})
		}
	}
	loop(layoutPatient, func(_ *rand.Rand, to layoutAsk) error { return a.call(context.Background(), to, true) })
	loop(layoutImpatient, a.callBriefly)
	loop(layoutSenders, func(random *rand.Rand, to layoutAsk) error {
		pause(random)
		if a.unsettled.Load() >= layoutUnsettled {
			return nil
		}
		if random.IntN(4) == 0 {
			return a.send(context.Background(), to, false, service.WithDeadline(briefly(random)))
		}
		return a.send(context.Background(), to, true)
	})
}

// pause lets others work.
func pause(random *rand.Rand) { <-time.After(time.Duration(random.IntN(4000)) * time.Microsecond) }

// briefly is a time in which some work gets done and some does not.
func briefly(random *rand.Rand) time.Duration {
	return time.Duration(1+random.IntN(8000)) * time.Microsecond
}

// callBriefly makes a call with a deadline, with a context that has one, or with one that is canceled.
func (a *layoutApp) callBriefly(random *rand.Rand, to layoutAsk) error {
	pause(random)
	switch d := briefly(random); random.IntN(3) {
	case 0:
		return a.call(context.Background(), to, false, service.WithTimeout(d))
	case 1:
		ctx, cancel := context.WithTimeout(context.Background(), d)
		defer cancel()
		return a.call(ctx, to, false)
	default:
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		defer time.AfterFunc(d, cancel).Stop()
		return a.call(ctx, to, false)
	}
}

func (a *layoutApp) call(ctx context.Context, to layoutAsk, patient bool, o ...service.CallOption) error {
	n, req := a.run.book.open(false)
	req.Path = to.path
	c := layoutCall{a, "calls", patient, a.run.spell.Load()}
	reply, err := a.client.Call(ctx, to.service, req, o...)
	if err == nil {
		err = reply.AsError()
	}
	a.run.book.enter(n, reply, err)
	a.run.ended(c, err)
	return err
}

func (a *layoutApp) send(ctx context.Context, to layoutAsk, patient bool, o ...service.CallOption) error {
	n, req := a.run.book.open(true)
	req.Path = to.path
	c := layoutCall{a, "sends", patient, a.run.spell.Load()}
	a.run.sends.Store(n, c)
	a.unsettled.Add(1)
	_, err := a.client.Send(ctx, to.service, req, o...)
	a.run.book.note(n, func(e *entry) {
		if e.accepted = err == nil; err != nil {
			e.refused++
		}
	})
	if err != nil {
		a.unsettled.Add(-1)
		a.run.ended(c, err)
	}
	return err
}

// responses takes the receipts of what this app sent, for the ledger and for judgement. An app inside of an instance
// also sees the answers of what it relays, which are for others.
func (a *layoutApp) responses() handler.Handler {
	book := a.run.book.responses()
	return handler.Func(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
		sent, _ := a.run.sends.Load(numberOf(req))
		if c, ok := sent.(layoutCall); ok && c.app == a {
			a.unsettled.Add(-1)
			a.run.ended(c, req.Answer.AsError())
			return book.Serve(ctx, req)
		}
		return &handler.Response{}, nil
	})
}
