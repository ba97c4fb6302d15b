package peer

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"quartet/handler"
	"quartet/service"
	"quartet/transport"
)

// What the load needs beyond the defaults, by the options that users have: 1,024 callers in one process need a wider
// window than 256, and that many large requests at a time more than 64 MiB would be refused in any case.
const (
	quartetWindow      = 2048     // messages, the most there is
	quartetWindowBytes = 32 << 20 // and their bytes, the most there is
	quartetConcurrency = 4096
	quartetBacklog     = 4096
)

const (
	quartetName = "bench"
	quartetPath = "/echo"
	patience    = 20 * time.Second
)

// quartet is the whole of a call: secret, scan, deadline, balance and ids.
type quartet struct{}

// Serve runs one instance, which binds.
func (quartet) Serve(s Setup) (Server, error) {
	addr, err := quartetAddr(s)
	if err != nil {
		return nil, err
	}
	secret, err := quartetSecret(s)
	if err != nil {
		return nil, err
	}
	var mux handler.Mux
	mux.Method(handler.MethodRequest, quartetPath, handler.Func(quartetEcho))
	srv := service.NewServer(quartetName, &mux, secret,
		service.WithWindow(quartetWindow, quartetWindowBytes),
		service.WithConcurrency(quartetConcurrency), service.WithBacklog(quartetBacklog),
		service.WithTLS(&service.TLSFiles{Cert: s.Files.Cert, Key: s.Files.Key}))
	served := make(chan error, 1)
	go func() { served <- srv.Serve(addr) }()
	for len(srv.Addrs()) == 0 {
		select {
		case err := <-served:
			return nil, err
		case <-time.After(time.Millisecond):
		}
	}
	bound := srv.Addrs()[0]
	return server{bound.Requests + " " + bound.Responses, srv.Close}, nil
}

func quartetEcho(_ context.Context, r *handler.Request) (*handler.Response, error) {
	return &handler.Response{Body: r.Body}, nil
}

func quartetAddr(s Setup) (service.Addr, error) {
	a := service.Addr{ServiceBinds: true}
	switch s.Transport {
	case IPC:
		a.Requests, a.Responses = "ipc://"+s.Dir+"/q", "ipc://"+s.Dir+"/r"
	case TCP:
		a.Requests, a.Responses = "tcp://127.0.0.1:0", "tcp://127.0.0.1:*"
	case TLS:
		a.Requests, a.Responses = "tls+tcp://127.0.0.1:0", "tls+tcp://127.0.0.1:*"
	case Inproc:
		a.Requests, a.Responses = "inproc://bench/q", "inproc://bench/r"
	default:
		return a, without(s)
	}
	return a, nil
}

func quartetSecret(s Setup) (service.Option, error) {
	secret, err := service.ParseSecret([]byte(s.Key))
	return service.WithSecret(secret), err
}

// Dial registers one service with an address for each instance.
func (quartet) Dial(s Setup, addrs []string) (Client, error) {
	c, err := quartetDial(s, addrs)
	if err != nil {
		return nil, err
	}
	return quartetClient{c}, nil
}

// DialSender registers a response handler besides.
func (quartet) DialSender(s Setup, addrs []string, answered func([]byte, error)) (SendClient, error) {
	var mux handler.Mux
	mux.Method(handler.MethodResponse, quartetPath, handler.Func(
		func(_ context.Context, r *handler.Request) (*handler.Response, error) {
			answered(r.Answer.Body, r.Answer.AsError())
			return nil, nil
		}))
	c, err := quartetDial(s, addrs, service.WithResponses(&mux))
	if err != nil {
		return nil, err
	}
	return quartetClient{c}, nil
}

func quartetDial(s Setup, addrs []string, more ...service.ClientOption) (*service.Client, error) {
	secret, err := quartetSecret(s)
	if err != nil {
		return nil, err
	}
	connected := make(chan struct{}, len(addrs))
	hook := func(e service.Event) {
		if e.Type == transport.Connected {
			select {
			case connected <- struct{}{}:
			default: // it was counted before, and has connected again
			}
		}
	}
	c := service.NewClient(append(more, secret, service.WithHook(hook), service.WithTLS(&service.TLSFiles{CA: s.Files.CA}))...)
	if err := quartetMeet(c, addrs, connected); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// quartetMeet registers one service and waits for all of its instances; Ready alone is content with one.
func quartetMeet(c *service.Client, addrs []string, connected <-chan struct{}) error {
	all := make([]service.Addr, len(addrs))
	for i, text := range addrs {
		requests, responses, _ := strings.Cut(text, " ")
		all[i] = service.Addr{Requests: requests, Responses: responses, ServiceBinds: true}
	}
	if err := c.Register(quartetName, all); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for n := range addrs {
		select {
		case <-connected:
		case <-ctx.Done():
			return fmt.Errorf("%d of %d instances are there: %w", n, len(addrs), ctx.Err())
		}
	}
	return c.Ready(ctx, quartetName)
}

type quartetClient struct{ *service.Client }

func (c quartetClient) Call(ctx context.Context, _ int, body []byte) ([]byte, error) {
	reply, err := c.Client.Call(ctx, quartetName, &handler.Request{Path: quartetPath, Body: body})
	if err != nil {
		return nil, err
	}
	if reply.Code() != http.StatusOK {
		return nil, fmt.Errorf("status %d %s", reply.Code(), reply.Reason)
	}
	return reply.Body, nil
}

func (c quartetClient) Send(ctx context.Context, body []byte) error {
	_, err := c.Client.Send(ctx, quartetName, &handler.Request{Path: quartetPath, Body: body})
	return err
}
