package service_test

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/matryer/is"
	"golang.org/x/crypto/scrypt"

	"quartet/handler"
	"quartet/service"
	"quartet/transport"
	"quartet/transport/transporttest"
)

// tcpWorld is one way to meet over a network.
type tcpWorld struct {
	scheme, host string
	serviceBinds bool
}

var tcpWorlds = []tcpWorld{
	{"tcp", "127.0.0.1", false}, {"tcp", "::1", true},
	{"tls+tcp", "localhost", false}, {"tls+tcp", "127.0.0.1", true},
}

func (w tcpWorld) String() string {
	who := "app"
	if w.serviceBinds {
		who = "service"
	}
	return fmt.Sprintf("%s at %s, the %s binds", w.scheme, w.host, who)
}

func tcpNoErr(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// tcpSetup says what tcpConnect starts.
type tcpSetup struct {
	world   tcpWorld
	handler handler.Handler
	client  []service.ClientOption
	server  []service.ServerOption
	secret  service.Secret                  // of both; zero: that of every test
	files   *service.TLSFiles               // nil: some of its own
	between func(service.Addr) service.Addr // what stands between binder and dialler; nil: nothing
}

// tcpConnect starts a client and a server, the binder first, on ports that the system chooses.
func tcpConnect(t testing.TB, s tcpSetup) (c *service.Client, srv *service.Server, dialled service.Addr) {
	t.Helper()
	port := net.JoinHostPort(s.world.host, "0")
	addr := service.Addr{Requests: s.world.scheme + "://" + port, Responses: s.world.scheme + "://" + port, ServiceBinds: s.world.serviceBinds}
	if s.world.scheme == "tls+tcp" {
		files := s.files
		if files == nil {
			files = transporttest.Certificate(t)
		}
		s.client, s.server = append(s.client, service.WithTLS(files)), append(s.server, service.WithTLS(files))
	}
	if !s.secret.IsZero() {
		s.client, s.server = append(s.client, service.WithSecret(s.secret)), append(s.server, service.WithSecret(s.secret))
	}
	between := func(a service.Addr) service.Addr {
		if s.between != nil {
			return s.between(a)
		}
		return a
	}
	if s.world.serviceBinds {
		srv = newServer(t, s.handler, addr, s.server...)
		await(t, "the server listens", func() bool { return len(srv.Addrs()) == 1 })
		dialled = between(srv.Addrs()[0])
		c = newClient(t, dialled, s.client...)
	} else {
		c = newClient(t, addr, s.client...)
		dialled = between(c.Addrs(svc)[0])
		srv = newServer(t, s.handler, dialled, s.server...)
	}
	return c, srv, dialled
}

func inEveryTCPWorld(t *testing.T, test func(t *testing.T, w tcpWorld)) {
	t.Parallel()
	for _, w := range tcpWorlds {
		t.Run(w.String(), func(t *testing.T) {
			t.Parallel()
			test(t, w)
		})
	}
}

func TestTCPAddrsOfABinderAreReadable(t *testing.T) {
	inEveryTCPWorld(t, func(t *testing.T, w tcpWorld) {
		is := is.New(t)
		c, srv, addr := tcpConnect(t, tcpSetup{world: w, handler: echo})
		for _, a := range []service.Addr{addr, c.Addrs(svc)[0]} {
			is.True(!strings.HasSuffix(a.Requests, ":0"))  // the port as it is
			is.True(!strings.HasSuffix(a.Responses, ":0")) // of both endpoints
			is.True(a.Requests != a.Responses)
			is.Equal(a.ServiceBinds, w.serviceBinds)
		}
		await(t, "the server knows its address", func() bool { return len(srv.Addrs()) == 1 })
	})
}

func TestTCPCallsAndSends(t *testing.T) {
	inEveryTCPWorld(t, func(t *testing.T, w tcpWorld) {
		is := is.New(t)
		book := newLedger()
		c, _, _ := tcpConnect(t, tcpSetup{
			world: w, handler: book.work(func(context.Context) error { return nil }),
			client: []service.ClientOption{service.WithResponses(book.responses())},
		})
		ready(t, c)
		const callers, each = 8, 50
		var wait sync.WaitGroup
		errs := make(chan error, 2*callers*each)
		for range callers {
			wait.Go(func() {
				for range each {
					errs <- book.call(t.Context(), c)
					errs <- book.send(t.Context(), c)
				}
			})
		}
		wait.Wait()
		close(errs)
		for err := range errs {
			is.NoErr(err) // each is taken and answered
		}
		await(t, "every receipt", func() bool {
			return book.total(func(e *entry) int { return e.answered }) == 2*callers*each
		})
		is.NoErr(c.Shutdown(t.Context()))
		is.Equal(book.problems(), nil) // nothing lost, doubled or crossed
	})
}

func TestTCPLargeBodies(t *testing.T) {
	inEveryTCPWorld(t, func(t *testing.T, w tcpWorld) {
		is := is.New(t)
		c, _, _ := tcpConnect(t, tcpSetup{world: w, handler: echo})
		ready(t, c)
		body := make([]byte, service.DefaultMaxBody)
		rand.Read(body)
		reply, err := c.Call(t.Context(), svc, &handler.Request{Path: "/large", Body: body})
		is.NoErr(err)
		is.True(bytes.Equal(reply.Body, body)) // the same, there and back
	})
}

func TestTCPWrongSecret(t *testing.T) {
	inEveryTCPWorld(t, func(t *testing.T, w tcpWorld) {
		is := is.New(t)
		other := tcpSecret(t, 2)
		events := make(chan service.Event, 1024)
		c, srv, _ := tcpConnect(t, tcpSetup{world: w, handler: echo,
			server: []service.ServerOption{service.WithSecret(other), service.WithHook(tcpHook(events))},
		})
		is.True(errors.Is(tcpEvent(t, events, transport.HandshakeFailed).Err, transport.ErrRefused)) // by name
		_, err := c.Call(t.Context(), svc, &handler.Request{Path: "/"}, service.WithTimeout(100*time.Millisecond))
		is.True(errors.Is(err, service.ErrUnavailable)) // nobody is there
		is.Equal(srv.Stats().Apps, 0)
	})
}

// tcpSecret is a secret of keys that differ by number.
func tcpSecret(t testing.TB, numbers ...byte) service.Secret {
	t.Helper()
	s, err := service.ParseSecret([]byte(tcpSecretText(numbers...)))
	tcpNoErr(t, err)
	return s
}

func tcpSecretText(numbers ...byte) (text string) {
	for _, n := range numbers {
		text += hex.EncodeToString(bytes.Repeat([]byte{n}, 32)) + "\n"
	}
	return text
}

func tcpHook(events chan<- service.Event) func(service.Event) {
	return func(e service.Event) {
		select {
		case events <- e:
		default: // who looks, looks in time
		}
	}
}

// tcpEvent waits for the next event of a type.
func tcpEvent(t testing.TB, events <-chan service.Event, typ transport.EventType) service.Event {
	t.Helper()
	for {
		if e := recv(t, events, typ.String()); e.Type == typ {
			return e
		}
	}
}

// tcpRecorder keeps what passes on a wire; hold, if not nil, sees it first.
type tcpRecorder struct {
	mu   sync.Mutex
	all  bytes.Buffer
	hold func(up bool, at int)
}

func (r *tcpRecorder) note(p []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all.Write(p)
}

func (r *tcpRecorder) bytes() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return bytes.Clone(r.all.Bytes())
}

// between stands between the two sides of an address.
func (r *tcpRecorder) between(t testing.TB) func(service.Addr) service.Addr {
	return func(a service.Addr) service.Addr {
		a.Requests, a.Responses = r.proxy(t, a.Requests), r.proxy(t, a.Responses)
		return a
	}
}

func (r *tcpRecorder) proxy(t testing.TB, target string) string {
	t.Helper()
	scheme, to, _ := strings.Cut(target, "://")
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	tcpNoErr(t, err)
	var running sync.WaitGroup
	var mu sync.Mutex
	var open []net.Conn
	pass := func(dst, src net.Conn, up bool) {
		defer dst.Close()
		buf, at := make([]byte, 32<<10), 0
		for {
			n, err := src.Read(buf)
			if r.hold != nil && n > 0 {
				r.hold(up, at)
			}
			at += n
			r.note(buf[:n])
			if _, werr := dst.Write(buf[:n]); err != nil || werr != nil {
				return
			}
		}
	}
	running.Go(func() {
		for {
			down, err := ln.Accept()
			if err != nil {
				return
			}
			up, err := net.Dial("tcp", to)
			if err != nil {
				down.Close()
				continue
			}
			mu.Lock()
			open = append(open, down, up)
			mu.Unlock()
			running.Go(func() { pass(up, down, true) })
			running.Go(func() { pass(down, up, false) })
		}
	})
	t.Cleanup(func() {
		ln.Close()
		mu.Lock()
		for _, c := range open {
			c.Close()
		}
		mu.Unlock()
		running.Wait()
	})
	return scheme + "://" + ln.Addr().String()
}

const passphrase = "a passphrase that must not travel"

// travelling is its secret; to stretch it takes a while, under the race detector.
var travelling = sync.OnceValue(func() service.Secret {
	s, err := service.ParseSecret([]byte(passphrase))
	if err != nil {
		panic(err)
	}
	return s
})

// What passes on the wire holds nothing of what the two sides know or say.
func TestTCPRecordingHoldsNothing(t *testing.T) {
	inEveryTCPWorld(t, func(t *testing.T, w tcpWorld) {
		is := is.New(t)
		const path, method, arg, value, header, body, answer = "/private/path/9f3a", "wonder", "argument-name", "argument-value",
			"header-value", "the body of a request", "the body of an answer"
		served := make(chan string, 64)
		rec := &tcpRecorder{}
		mux := new(handler.Mux)
		mux.Handle("/private/path/{id}", handler.Func(func(_ context.Context, r *handler.Request) (*handler.Response, error) {
			served <- r.Path + r.Method + r.Arg(arg, "") + r.Header["h"][0] + string(r.Body)
			return handler.Text(answer), nil
		}))
		c, _, _ := tcpConnect(t, tcpSetup{world: w, handler: mux, secret: travelling(), between: rec.between(t),
			client: []service.ClientOption{service.WithName("name-of-the-app")},
			server: []service.ServerOption{service.WithName("name-of-the-instance")},
		})
		ready(t, c)
		req := &handler.Request{Path: path, Method: method, Args: map[string]string{arg: value},
			Header: map[string][]string{"h": {header}}, Body: []byte(body)}
		for range 20 {
			reply, err := c.Call(t.Context(), svc, req)
			is.NoErr(err)
			is.Equal(reply.Text(), answer)
			is.Equal(recv(t, served, "the request"), path+method+value+header+body) // all of it passed
			_, err = c.Send(t.Context(), svc, req)
			is.NoErr(err)
			recv(t, served, "the request that was sent")
		}
		is.NoErr(c.Shutdown(t.Context()))
		wire := rec.bytes()
		is.True(len(wire) > 20*2*len(body)) // it was recorded
		for _, word := range append(tcpKeys(), passphrase, path, "private", method, arg, value, header, body, answer,
			svc, "name-of-the-app", "name-of-the-instance", "Socket-Type", "X-Quartet-Pair", "quartet") {
			is.True(!bytes.Contains(wire, []byte(word))) // nothing to be read
		}
	})
}

// tcpKeys are what is derived from the passphrase, as it would be seen on a wire.
var tcpKeys = sync.OnceValue(func() (all []string) {
	must := func(b []byte, err error) []byte {
		if err != nil {
			panic(err)
		}
		all = append(all, string(b), hex.EncodeToString(b))
		return b
	}
	key := must(scrypt.Key([]byte(passphrase), []byte("quartet/1 passphrase"), 1<<14, 8, 1, 32))
	for _, side := range []string{"app", "instance"} {
		for _, kind := range []string{"requests", "responses"} {
			must(hkdf.Key(sha256.New, key, nil, "quartet/1 plain "+side+" "+kind, 32))
			for _, role := range []string{"server", "client"} {
				derived := must(hkdf.Key(sha256.New, key, nil, "quartet/1 curve "+role+" "+side+" "+kind, 32))
				private, err := ecdh.X25519().NewPrivateKey(derived)
				must(private.PublicKey().Bytes(), err)
			}
		}
	}
	return slices.Clip(all)
})
