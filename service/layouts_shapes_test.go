package service_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"path/filepath"
	"strings"
	"time"

	"quartet/handler"
	"quartet/service"
)

// sharedLayout: three apps share a service whose instances bind an address each; every app dials them all.
func sharedLayout(r *layoutRun) {
	addrs := r.addrs(3, true)
	for n, a := range addrs {
		r.instance(fmt.Sprint("instance", n), svc, a).serves(r.worker)
	}
	for n := range 3 {
		r.app(fmt.Sprint("app", n)).holds(svc, addrs...).asks(svc, "/work")
	}
}

// bindingLayout: two apps bind an address for each of three services; the two instances of each dial both apps.
func bindingLayout(r *layoutRun) {
	services := []string{"alpha", "beta", "gamma"}
	at := map[string][]service.Addr{}
	for n := range 2 {
		app := r.app(fmt.Sprint("app", n))
		for _, s := range services {
			addrs := r.addrs(1, false)
			app.holds(s, addrs...).asks(s, "/work")
			at[s] = append(at[s], addrs...)
		}
	}
	for _, s := range services {
		for n := range 2 {
			r.instance(fmt.Sprint(s, n), s, at[s]...).serves(r.worker)
		}
	}
}

// mixedLayout: each of two apps registers four addresses at once. Instances bind two of them, for both apps; the
// others the app binds. One instance is met at two addresses.
func mixedLayout(r *layoutRun) {
	shared, own := r.addrs(2, true), r.addrs(4, false)
	r.app("app0").holds(svc, shared[0], own[0], shared[1], own[1]).asks(svc, "/work")
	r.app("app1").holds(svc, own[2], shared[0], own[3], shared[1]).asks(svc, "/work")
	r.instance("bound", svc, shared[0]).serves(r.worker)
	r.instance("dialled", svc, own[0], own[2]).serves(r.worker)
	r.instance("both", svc, shared[1], own[1], own[3]).serves(r.worker)
}

// chainLayout: fronts ask a middle that asks a backend, or leaves the request to it. The middles dial the fronts, the
// backends bind. One front holds the backend, too, and takes up what the middle forwards; for the other the middle
// relays.
func chainLayout(r *layoutRun) {
	backends, fronts := r.addrs(3, true), r.addrs(2, false)
	for n, a := range backends {
		r.instance(fmt.Sprint("backend", n), "backend", a).serves(r.worker)
	}
	for n := range 2 {
		middle := r.instance(fmt.Sprint("middle", n), "middle", fronts...).serves(r.passer)
		middle.inner = r.innerApp(middle.name).holds("backend", backends...)
	}
	r.app("front0").holds("middle", fronts[0]).holds("backend", backends...).
		asks("middle", "/nested").asks("middle", "/forward").asks("backend", "/work")
	r.app("front1").holds("middle", fronts[1]).asks("middle", "/nested").asks("middle", "/forward")
	r.must = []string{"forwarded by a front", "forwarded by a middle"}
}

// worker answers everything itself, after some milliseconds.
func (r *layoutRun) worker(i *layoutInstance) handler.Handler {
	work := r.book.work(func(ctx context.Context) error {
		i.executed.Add(1)
		select {
		case <-time.After(time.Duration(1000+rand.IntN(3000)) * time.Microsecond):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	mux := new(handler.Mux)
	mux.Handle("/work", work)
	mux.Handle("/forwarded", handler.Func(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
		by := req.Trail().Callers
		r.tally.count("forwarded by a " + strings.TrimRight(by[len(by)-1], "0123456789"))
		return work.Serve(ctx, req)
	}))
	return mux
}

// passer is the handler of a service that is an app as well.
func (r *layoutRun) passer(i *layoutInstance) handler.Handler {
	mux := new(handler.Mux)
	mux.Handle("/nested", r.book.work(func(ctx context.Context) error {
		i.executed.Add(1)
		if rand.IntN(4) == 0 {
			if err := i.inner.send(ctx, layoutAsk{"backend", "/work"}, false); err != nil {
				return err
			}
		}
		return i.inner.call(ctx, layoutAsk{"backend", "/work"}, false)
	}))
	mux.Handle("/forward", handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) {
		i.executed.Add(1)
		return handler.Forward("backend", "/forwarded"), nil
	}))
	return mux
}

// addrs makes n addresses of the schemes of the layout in turn.
func (r *layoutRun) addrs(n int, serviceBinds bool) (addrs []service.Addr) {
	dir := r.t.TempDir()
	for i := range n {
		a := service.Addr{ServiceBinds: serviceBinds}
		if r.schemes[i%len(r.schemes)] == "tcp" {
			a.Requests, a.Responses = r.port(), r.port()
		} else {
			a.Requests, a.Responses = "ipc://"+filepath.Join(dir, fmt.Sprint("q", i)), "ipc://"+filepath.Join(dir, fmt.Sprint("a", i))
		}
		addrs = append(addrs, a)
	}
	return addrs
}

// port finds a free one, which whoever binds it can bind again; until the run begins nobody else gets it.
func (r *layoutRun) port() string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	tcpNoErr(r.t, err)
	r.reserved = append(r.reserved, ln)
	return "tcp://" + ln.Addr().String()
}
