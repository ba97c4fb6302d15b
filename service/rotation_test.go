package service_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/service"
	"quartet/service/servicetest"
	"quartet/transport"
	"quartet/transport/transporttest"
)

// rotationGrace is how long the links of a removed secret may live on.
const rotationGrace = 10 * time.Second

// tcpLoad makes calls at a steady rate until it is ended, and counts those that fail.
type tcpLoad struct {
	made, failed atomic.Int64
	first        atomic.Pointer[error]
	stop, done   chan struct{}
}

// startTCPLoad makes so many calls a second.
func startTCPLoad(c service.Caller, rate float64) *tcpLoad {
	l := &tcpLoad{stop: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(l.done)
		var calls sync.WaitGroup
		defer calls.Wait()
		began := time.Now()
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for {
			for due := int64(time.Since(began).Seconds() * rate); l.made.Load() < due; l.made.Add(1) {
				calls.Go(func() { l.call(c) })
			}
			select {
			case <-tick.C:
			case <-l.stop:
				return
			}
		}
	}()
	return l
}

func (l *tcpLoad) call(c service.Caller) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	reply, err := c.Call(ctx, svc, &handler.Request{Path: "/load"})
	if err == nil {
		err = reply.AsError()
	}
	if err != nil {
		l.failed.Add(1)
		l.first.CompareAndSwap(nil, &err)
	}
}

// more waits until so many further calls were made.
func (l *tcpLoad) more(t testing.TB, n int64) {
	t.Helper()
	until := l.made.Load() + n
	await(t, "further calls", func() bool { return l.made.Load() >= until })
}

// end returns how many calls were made, and the failures.
func (l *tcpLoad) end() (made int64, err error) {
	close(l.stop)
	<-l.done
	if first := l.first.Load(); first != nil {
		err = fmt.Errorf("%d of %d failed, the first: %w", l.failed.Load(), l.made.Load(), *first)
	}
	return l.made.Load(), err
}

// tcpWork takes a little time, so that there are calls under way at any moment.
var tcpWork = handler.Func(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
	t := time.NewTimer(5 * time.Millisecond)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
	return handler.Text("done"), nil
})

// tcpLate is a peer that still has the old secret: it must be refused by name.
func tcpLate(t *testing.T, addr service.Addr, o ...service.Option) {
	t.Helper()
	events := make(chan service.Event, 1024)
	o = append(o, service.WithSecret(tcpSecret(t, 1)), service.WithHook(tcpHook(events)))
	if addr.ServiceBinds {
		opts := []service.ClientOption{}
		for _, option := range o {
			opts = append(opts, option)
		}
		newClient(t, addr, opts...)
	} else {
		opts := []service.ServerOption{}
		for _, option := range o {
			opts = append(opts, option)
		}
		newServer(t, echo, addr, opts...)
	}
	err := tcpEvent(t, events, transport.HandshakeFailed).Err
	if !errors.Is(err, transport.ErrRefused) {
		t.Fatalf("the old secret: %v", err)
	}
}

// A secret is added, swapped and removed on both sides under load: no call fails, the old links end, the old secret
// opens nothing any more.
func TestRotation(t *testing.T) {
	inEveryTCPWorld(t, func(t *testing.T, w tcpWorld) {
		rotate(t, w, 50, service.WithWait(patience)) // with -race and beside other tests a TLS handshake may take long
	})
}

// TestTimedRotation is in the pass without -race for the sake of its rate.
func TestTimedRotation(t *testing.T) {
	inEveryTCPWorld(t, func(t *testing.T, w tcpWorld) { rotate(t, w, 500) })
}

func rotate(t *testing.T, w tcpWorld, rate float64, o ...service.ClientOption) {
	is := is.New(t)
	files := transporttest.Certificate(t)
	events := make(chan service.Event, 4096)
	c, srv, addr := tcpConnect(t, tcpSetup{world: w, handler: tcpWork, secret: tcpSecret(t, 1),
		client: append(o, service.WithHook(tcpHook(events))), files: files})
	ready(t, c)
	tcpEvent(t, events, transport.Connected)
	load := startTCPLoad(c, rate)
	sides := []func(service.Secret){c.SetSecret, srv.SetSecret}
	if w.serviceBinds { // either order must do
		sides[0], sides[1] = sides[1], sides[0]
	}
	for _, step := range [][]byte{{1, 2}, {2, 1}, {2}} {
		for _, set := range sides {
			is.Equal(len(events), 0) // no link has ended, none has come
			load.more(t, int64(rate/3))
			set(tcpSecret(t, step...))
		}
	}
	removed := time.Now()
	for came, went := false, false; !came || !went; { // a new link beside the old one, which ends
		switch e := recv(t, events, "the old link's end and a new one"); e.Type {
		case transport.Connected:
			came = true
		case transport.Disconnected:
			went = true
			t.Logf("the old link ended %v after the removal: %v", time.Since(removed), e.Err)
		}
	}
	is.True(time.Since(removed) < rotationGrace)
	load.more(t, int64(rate))
	made, err := load.end()
	is.NoErr(err) // not one call failed
	t.Logf("%d calls", made)
	await(t, "one link pair is left", func() bool { return srv.Stats().Apps == 1 })
	tcpLate(t, addr, service.WithTLS(files))
	tcpOneMore(t, c)
	is.Equal(srv.Stats().Apps, 1)
}

func tcpOneMore(t testing.TB, c service.Caller) {
	t.Helper()
	if _, err := c.Call(context.Background(), svc, &handler.Request{Path: "/more"}, service.WithTimeout(patience)); err != nil {
		t.Fatalf("one more call: %v", err)
	}
}

// The same by a file that both sides watch.
func TestRotationByFile(t *testing.T) {
	is := is.New(t)
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "secret")
	put := func(text string) {
		tcpNoErr(t, os.WriteFile(file+".new", []byte(text), 0o600))
		tcpNoErr(t, os.Rename(file+".new", file))
	}
	put(tcpSecretText(1))
	first, err := service.ReadSecret(file)
	is.NoErr(err)
	c, srv, addr := tcpConnect(t, tcpSetup{world: tcpWorlds[0], handler: tcpWork, secret: first})
	ready(t, c)
	ctx, cancel := context.WithCancel(t.Context())
	log := &journal{}
	var watching sync.WaitGroup
	set := make(chan service.Secret, 64)
	for _, change := range []func(service.Secret){c.SetSecret, srv.SetSecret} {
		watching.Go(func() {
			service.WatchSecret(ctx, file, func(s service.Secret) {
				change(s)
				set <- s
			}, log.logger())
		})
	}
	load := startTCPLoad(c, 50)
	both := func(want service.Secret) {
		t.Helper()
		for range 2 {
			is.True(recv(t, set, "the secret of the file").Equal(want))
		}
	}
	both(first) // as it begins
	for _, step := range [][]byte{{1, 2}, {2, 1}, {2}} {
		put(tcpSecretText(step...))
		both(tcpSecret(t, step...))
	}
	put("too short")
	await(t, "the bad file is noticed", func() bool { return strings.Count(log.String(), "the secret stays as it was") == 2 })
	await(t, "the old links are gone", func() bool { return srv.Stats().Apps == 1 && c.Instances(svc) == 1 })
	tcpLate(t, addr)
	_, err = load.end()
	is.NoErr(err) // not one call failed
	cancel()
	watching.Wait()
	for _, line := range []string{tcpSecretText(1)[:64], tcpSecretText(2)[:64], "too short"} {
		is.Equal(strings.Count(log.String(), line), 0) // no secret in the log
	}
}

// A service that was registered with a secret of its own keeps it, even where it is the same at first.
func TestRotationLeavesOtherSecrets(t *testing.T) {
	is := is.New(t)
	t.Parallel()
	free := service.Addr{Requests: "tcp://127.0.0.1:0", Responses: "tcp://127.0.0.1:0"}
	events := make(chan service.Event, 1024)
	c := service.NewClient(service.WithLogger(servicetest.Logger(t)), service.WithSecret(tcpSecret(t, 1)))
	defer c.Close()
	is.NoErr(c.Register("shared", []service.Addr{free}))
	is.NoErr(c.Register("own", []service.Addr{free}, service.WithSecret(tcpSecret(t, 1)), service.WithHook(tcpHook(events))))
	for _, name := range []string{"shared", "own"} {
		servicetest.NewServer(t, name, echo, c.Addrs(name)[0], service.WithSecret(tcpSecret(t, 1)))
		is.NoErr(c.Ready(t.Context(), name))
	}
	tcpEvent(t, events, transport.Connected)
	c.SetSecret(tcpSecret(t, 2))
	await(t, "the links of the shared secret are gone", func() bool { return c.Instances("shared") == 0 })
	_, err := c.Call(t.Context(), "own", &handler.Request{Path: "/"})
	is.NoErr(err)            // the other is untouched
	is.Equal(len(events), 0) // its link, too
	servicetest.NewServer(t, "own", echo, c.Addrs("own")[0], service.WithSecret(tcpSecret(t, 1)))
	tcpEvent(t, events, transport.Connected) // and its secret

	is.NoErr(c.Register("later", []service.Addr{free}))
	servicetest.NewServer(t, "later", echo, c.Addrs("later")[0], service.WithSecret(tcpSecret(t, 2)))
	is.NoErr(c.Ready(t.Context(), "later")) // who is registered later gets the new one
}

// A handshake that began before its secret was removed, and ends after, opens nothing.
func TestRotationDuringAHandshake(t *testing.T) {
	for _, w := range []tcpWorld{{"tcp", "127.0.0.1", false}, {"tcp", "127.0.0.1", true}} {
		t.Run(w.String(), func(t *testing.T) {
			is := is.New(t)
			t.Parallel()
			greeted, goOn := make(chan struct{}, 64), make(chan struct{})
			rec := &tcpRecorder{hold: func(up bool, at int) {
				if up && at > 0 { // what follows the greeting: by then the binder has chosen
					select {
					case greeted <- struct{}{}:
					default:
					}
					<-goOn
				}
			}}
			events := make(chan service.Event, 1024)
			hook := service.WithHook(tcpHook(events))
			setup := tcpSetup{world: w, handler: echo, secret: tcpSecret(t, 1), between: rec.between(t)}
			if w.serviceBinds {
				setup.client = []service.ClientOption{hook}
			} else {
				setup.server = []service.ServerOption{hook}
			}
			c, srv, _ := tcpConnect(t, setup)
			recv(t, greeted, "the greeting")
			if w.serviceBinds {
				srv.SetSecret(tcpSecret(t, 2))
			} else {
				c.SetSecret(tcpSecret(t, 2))
			}
			close(goOn)
			for e := recv(t, events, "the end of the attempt"); e.Type != transport.HandshakeFailed && e.Type != transport.Disconnected; {
				e = recv(t, events, "the end of the attempt")
			}
			is.Equal(srv.Stats().Apps+c.Instances(svc), 0) // nobody came in
		})
	}
}

// The zero Secret is no secret: it changes nothing.
func TestRotationToNothing(t *testing.T) {
	is := is.New(t)
	t.Parallel()
	events := make(chan service.Event, 1024)
	c, srv, _ := tcpConnect(t, tcpSetup{world: tcpWorlds[0], handler: echo,
		client: []service.ClientOption{service.WithHook(tcpHook(events))}})
	ready(t, c)
	tcpEvent(t, events, transport.Connected)
	c.SetSecret(service.Secret{})
	srv.SetSecret(service.Secret{})
	tcpOneMore(t, c)
	is.Equal(len(events), 0) // the link is as it was
	srv.AbortApps(errors.New("a cut"))
	tcpEvent(t, events, transport.Disconnected)
	tcpEvent(t, events, transport.Connected) // it comes again, with the secret that was
	ready(t, c)
	tcpOneMore(t, c)
}

// SetSecret and Register may come at the same time.
func TestRotationWhileRegistering(t *testing.T) {
	is := is.New(t)
	t.Parallel()
	c := service.NewClient(service.WithSecret(tcpSecret(t, 1)))
	defer c.Close()
	free := service.Addr{Requests: "tcp://127.0.0.1:0", Responses: "tcp://127.0.0.1:0"}
	var both sync.WaitGroup
	both.Go(func() { c.SetSecret(tcpSecret(t, 2)) })
	errs := make(chan error, 4)
	for i := range 4 {
		both.Go(func() { errs <- c.Register(fmt.Sprint("service ", i), []service.Addr{free}) })
	}
	both.Wait()
	for range 4 {
		is.NoErr(<-errs)
	}
	for i := range 4 { // each has the new secret
		name := fmt.Sprint("service ", i)
		servicetest.NewServer(t, name, echo, c.Addrs(name)[0], service.WithSecret(tcpSecret(t, 2)))
		is.NoErr(c.Ready(t.Context(), name))
	}
}
