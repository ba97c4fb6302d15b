package peer

import (
	"context"
	"errors"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"
)

// natsPeer is a NATS micro service: server, service and client are a process each.
type natsPeer struct{}

const (
	natsSubject = "bench.echo"
	natsPayload = 8 << 20   // of a message, raised from 1 MiB to fit the load
	natsPending = 256 << 20 // bytes that wait, raised from 64 MiB likewise
)

// Broker runs the NATS server on loopback; it has no unix sockets.
func (natsPeer) Broker(Setup) (Server, error) {
	srv, err := natsserver.NewServer(&natsserver.Options{
		Host: "127.0.0.1", Port: natsserver.RANDOM_PORT, MaxPayload: natsPayload, MaxPending: natsPending, NoSigs: true, NoLog: true,
	})
	if err != nil {
		return nil, err
	}
	srv.Start()
	if !srv.ReadyForConnections(patience) {
		return nil, errors.New("the NATS server did not get ready")
	}
	return server{srv.ClientURL(), func() error { srv.Shutdown(); return nil }}, nil
}

// Serve adds one service with one endpoint.
func (natsPeer) Serve(s Setup) (Server, error) {
	conn, err := nats.Connect(s.Broker)
	if err != nil {
		return nil, err
	}
	srv, err := micro.AddService(conn, micro.Config{Name: "bench", Version: "1.0.0"})
	if err == nil {
		err = srv.AddEndpoint("echo", micro.HandlerFunc(func(r micro.Request) { _ = r.Respond(r.Data()) }),
			micro.WithEndpointSubject(natsSubject), micro.WithEndpointPendingLimits(-1, natsPending))
	}
	if err = errors.Join(err, conn.Flush()); err != nil {
		conn.Close()
		return nil, err
	}
	return server{s.Broker, func() error { conn.Close(); return nil }}, nil
}

func (natsPeer) Dial(_ Setup, addrs []string) (Client, error) {
	conn, err := nats.Connect(addrs[0])
	if err != nil {
		return nil, err
	}
	return natsClient{conn}, nil
}

type natsClient struct{ conn *nats.Conn }

// Call has a timeout where the context has no end, because nats.go demands one.
func (c natsClient) Call(ctx context.Context, _ int, body []byte) ([]byte, error) {
	if ctx.Done() == nil {
		return natsData(c.conn.Request(natsSubject, body, 30*time.Second))
	}
	return natsData(c.conn.RequestWithContext(ctx, natsSubject, body))
}

func natsData(m *nats.Msg, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	return m.Data, nil
}

func (c natsClient) Close() error {
	c.conn.Close()
	return nil
}
