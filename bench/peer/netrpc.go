package peer

import (
	"context"
	"net"
	"net/rpc"
)

// netRPC is the standard library's net/rpc with gob, on one connection.
type netRPC struct{}

// RPCEcho is the method that net/rpc finds by reflection.
type RPCEcho struct{}

// Do echoes.
func (RPCEcho) Do(in []byte, out *[]byte) error {
	*out = in
	return nil
}

func (netRPC) Serve(s Setup) (Server, error) {
	ln, err := listen(s)
	if err != nil {
		return nil, err
	}
	srv := rpc.NewServer()
	if err := srv.RegisterName("Echo", RPCEcho{}); err != nil {
		return nil, err
	}
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go srv.ServeConn(conn)
		}
	}()
	return server{ln.Addr().String(), ln.Close}, nil
}

func (netRPC) Dial(s Setup, addrs []string) (Client, error) {
	conn, err := net.Dial(network(s), addrs[0])
	if err != nil {
		return nil, err
	}
	return rpcClient{rpc.NewClient(conn)}, nil
}

type rpcClient struct{ *rpc.Client }

func (c rpcClient) Call(_ context.Context, _ int, body []byte) ([]byte, error) {
	var answer []byte
	err := c.Client.Call("Echo.Do", body, &answer)
	return answer, err
}
