package service_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"quartet/handler"
	"quartet/service"
	"quartet/service/servicetest"
	"quartet/transport"
)

// layoutMember is an app or an instance, which joins and leaves.
type layoutMember interface {
	up() bool
	group() string // of those of whom one stays
	join()
	leave(how leaving)
}

// leaving is a way to end.
type leaving int

const (
	gracefully leaving = iota // Shutdown
	closed                    // Close
	killed                    // as by kill -9: the links are cut without a word; for an app it is Close
)

func (l leaving) String() string { return [...]string{"left", "closed", "killed"}[l] }

// layoutHeartbeat takes no link for dead because the machine is busy: that would be a loss.
var layoutHeartbeat = service.WithHeartbeat(time.Second, patience)

// layoutApp is an app, or the client inside of an instance.
type layoutApp struct {
	run      *layoutRun
	name     string
	services []string
	addrs    map[string][]service.Addr // by service
	targets  []layoutAsk               // of its callers; none: it has none

	client    *service.Client // nil while it is away
	leaving   atomic.Bool
	callers   sync.WaitGroup
	unsettled atomic.Int64 // Sends without a receipt
}

func (r *layoutRun) app(name string) *layoutApp {
	a := r.innerApp(name)
	r.apps = append(r.apps, a)
	return a
}

func (r *layoutRun) innerApp(name string) *layoutApp {
	return &layoutApp{run: r, name: name, addrs: map[string][]service.Addr{}}
}

func (a *layoutApp) holds(service string, addrs ...service.Addr) *layoutApp {
	a.services, a.addrs[service] = append(a.services, service), addrs
	return a
}

func (a *layoutApp) asks(service, path string) *layoutApp {
	a.targets = append(a.targets, layoutAsk{service, path})
	return a
}

func (a *layoutApp) up() bool      { return a.client != nil }
func (a *layoutApp) group() string { return "apps" }

// join starts the app, and its callers when it has somebody to ask.
func (a *layoutApp) join() {
	a.leaving.Store(false)
	a.client = service.NewClient(service.WithSecret(secret), service.WithLogger(servicetest.Logger(a.run.t)),
		service.WithName(a.name), layoutHeartbeat, service.WithWait(patience), service.WithResponses(a.responses()))
	for _, s := range a.services {
		if err := a.run.bind(func() error { return a.client.Register(s, a.addrs[s]) }); err != nil {
			a.run.wrong("%s cannot register %s: %v", a.name, s, err)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for _, s := range a.services {
		if err := a.client.Ready(ctx, s); err != nil {
			a.run.wrong("%s met no instance of %s: %v", a.name, s, err)
		}
	}
	a.load()
}

// leave ends the app while its callers still call.
func (a *layoutApp) leave(how leaving) {
	a.leaving.Store(true)
	end := a.client.Close
	if how == gracefully {
		end = func() error { return within(a.client.Shutdown) }
	}
	if err := end(); err != nil {
		a.run.wrong("the end of %s: %v", a.name, err)
	}
	a.callers.Wait()
	if left := a.client.Leftovers(); left != nil {
		a.run.wrong("%s left something over: %v", a.name, left)
	}
	if s := a.client.Stats(); s.Stranger+s.Malformed > 0 {
		a.run.wrong("%s was told what it had not asked: %+v", a.name, s)
	}
	a.client = nil
}

// within gives an end the time that every wait has.
func within(end func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return end(ctx)
}

// layoutInstance is an instance of a service.
type layoutInstance struct {
	run     *layoutRun
	name    string
	service string
	addrs   []service.Addr
	handler handler.Handler
	inner   *layoutApp // of one that asks others; nil: it does not

	server   *service.Server // nil while it is away
	served   chan error
	executed atomic.Int64
}

func (r *layoutRun) instance(name, service string, addrs ...service.Addr) *layoutInstance {
	i := &layoutInstance{run: r, name: name, service: service, addrs: addrs}
	r.instances = append(r.instances, i)
	return i
}

func (i *layoutInstance) serves(h func(*layoutInstance) handler.Handler) *layoutInstance {
	i.handler = h(i)
	return i
}

func (i *layoutInstance) up() bool      { return i.server != nil }
func (i *layoutInstance) group() string { return i.service }

func (i *layoutInstance) join() {
	o := []service.ServerOption{service.WithSecret(secret), service.WithLogger(servicetest.Logger(i.run.t)),
		service.WithName(i.name), layoutHeartbeat}
	if i.inner != nil {
		i.inner.join()
		o = append(o, service.WithClient(i.inner.client))
	}
	i.server, i.served = service.NewServer(i.service, i.handler, o...), make(chan error, 1)
	go func(s *service.Server, served chan<- error) {
		served <- i.run.bind(func() error { return s.Serve(i.addrs...) })
	}(i.server, i.served)
}

// leave ends the instance, and then the client inside of it.
func (i *layoutInstance) leave(how leaving) {
	end := i.server.Close
	switch how {
	case gracefully:
		end = func() error { return within(i.server.Shutdown) }
	case killed:
		i.server.AbortApps(errKilled)
	}
	if err := end(); err != nil {
		i.run.wrong("the end of %s: %v", i.name, err)
	}
	if err := <-i.served; err != service.ErrClosed {
		i.run.wrong("%s cannot serve: %v", i.name, err)
	}
	if left, stats := i.server.Leftovers(), i.server.Stats(); left != nil || stats != (service.ServerStats{}) {
		i.run.wrong("%s left something over: %v, %+v", i.name, left, stats)
	}
	i.server = nil
	if i.inner != nil {
		i.inner.leave(how)
	}
}

// bind tries again where a port is taken: by a connection from it, for as long as that lasts.
func (r *layoutRun) bind(try func() error) error {
	for limit := time.Now().Add(patience); ; <-time.After(20 * time.Millisecond) {
		err := try()
		if !slices.Contains(r.schemes, "tcp") || !errors.Is(err, transport.ErrInUse) || time.Now().After(limit) {
			return err
		}
		r.tally.count("ports in use")
	}
}
