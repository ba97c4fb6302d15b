package service_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/service"
	"quartet/service/servicetest"
)

// patience bounds every wait for something that must happen.
const patience = 20 * time.Second

// svc is the service of most tests.
const svc = "echo"

var secret = func() service.Secret {
	s, err := service.ParseSecret([]byte("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"))
	if err != nil {
		panic(err)
	}
	return s
}()

// world is one way to connect both sides.
type world struct {
	name         string
	ipc          bool
	serviceBinds bool
}

var worlds = []world{
	{name: "inproc-app"}, {name: "inproc-svc", serviceBinds: true},
	{name: "ipc-app", ipc: true}, {name: "ipc-svc", ipc: true, serviceBinds: true},
}

func (w world) addr(t testing.TB) service.Addr {
	a := servicetest.Addr()
	if w.ipc {
		dir := t.TempDir()
		a = service.Addr{Requests: "ipc://" + filepath.Join(dir, "q"), Responses: "ipc://" + filepath.Join(dir, "a")}
	}
	a.ServiceBinds = w.serviceBinds
	return a
}

// inEveryWorld runs a test once for each way to connect.
func inEveryWorld(t *testing.T, test func(t *testing.T, addr service.Addr)) {
	for _, w := range worlds {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			test(t, w.addr(t))
		})
	}
}

func newClient(t testing.TB, addr service.Addr, o ...service.ClientOption) *service.Client {
	t.Helper()
	return servicetest.NewClient(t, svc, addr, append([]service.ClientOption{service.WithSecret(secret)}, o...)...)
}

func newServer(t testing.TB, h handler.Handler, addr service.Addr, o ...service.ServerOption) *service.Server {
	t.Helper()
	return servicetest.NewServer(t, svc, h, addr, append([]service.ServerOption{service.WithSecret(secret)}, o...)...)
}

// pair is a client and a server over inproc, connected.
func pair(t testing.TB, h handler.Handler, o ...service.ServerOption) (*service.Client, *service.Server) {
	t.Helper()
	addr := servicetest.Addr()
	c := newClient(t, addr)
	s := newServer(t, h, addr, o...)
	ready(t, c)
	return c, s
}

func ready(t testing.TB, c *service.Client) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := c.Ready(ctx, svc); err != nil {
		t.Fatalf("no instance came: %v", err)
	}
}

// await polls until cond holds.
func await(t testing.TB, what string, cond func() bool) {
	t.Helper()
	limit := time.Now().Add(patience)
	for tick := time.Millisecond; !cond(); <-time.After(tick) {
		if time.Now().After(limit) {
			t.Fatalf("within %v it did not happen: %s", patience, what)
		}
	}
}

// recv takes a value from a channel that must have one in time.
func recv[T any](t testing.TB, ch <-chan T, what string) T {
	t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	select {
	case v := <-ch:
		return v
	case <-limit.C:
		t.Fatalf("within %v it did not come: %s", patience, what)
		panic("unreachable")
	}
}

// result is how a Call ended.
type result struct {
	*service.Reply
	err error
}

// ask makes a Call in a goroutine of its own.
func ask(ctx context.Context, c service.Caller, path string, o ...service.CallOption) <-chan result {
	done := make(chan result, 1)
	go func() {
		reply, err := c.Call(ctx, svc, &handler.Request{Path: path}, o...)
		done <- result{reply, err}
	}()
	return done
}

// failed says that err is a *handler.Error made on this side, with that outcome and status.
func failed(is *is.I, err, outcome error, status int) {
	is.Helper()
	is.True(errors.Is(err, outcome)) // the outcome
	var e *handler.Error
	is.True(errors.As(err, &e))   // every failure is a *handler.Error
	is.Equal(e.Status, status)    // its status is the documented one
	is.True(!e.Remote)            // it was made on this side
	is.True(e.Reason != "")       // and has a reason for people
	is.True(err.Error() != "nil") // and a text
}

var echo = handler.Func(func(_ context.Context, r *handler.Request) (*handler.Response, error) {
	return &handler.Response{Body: r.Body, Header: r.Header}, nil
})

// gate is a handler that says who came and waits until it is opened.
type gate struct {
	entered chan *handler.Request
	ended   chan error // why the context of a handler ended
	open    chan struct{}
	once    sync.Once
}

func newGate() *gate {
	return &gate{
		entered: make(chan *handler.Request, 4096), ended: make(chan error, 4096), open: make(chan struct{}),
	}
}

func (g *gate) Open() { g.once.Do(func() { close(g.open) }) }

func (g *gate) Serve(ctx context.Context, r *handler.Request) (*handler.Response, error) {
	g.entered <- r
	select {
	case <-g.open:
		return handler.Text("done " + r.Path), nil
	case <-ctx.Done():
		g.ended <- ctx.Err()
		return nil, ctx.Err()
	}
}

// journal collects what is logged.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

func (j *journal) logger() *slog.Logger { return slog.New(slog.NewTextHandler(j, nil)) }
