package peer

import (
	"context"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/mem"
)

// grpcPeer is a unary call of gRPC-go on one connection. Its service is written by hand and its codec passes bytes on as
// they are, so that no time of protobuf counts against it.
type grpcPeer struct{}

const (
	grpcMethod = "/bench.Echo/Do"
	grpcLimit  = 16 << 20 // of a message; and the windows that spare it probing the link
	grpcWindow = 4 << 20
)

var grpcService = grpc.ServiceDesc{
	ServiceName: "bench.Echo",
	HandlerType: (*any)(nil),
	Methods: []grpc.MethodDesc{{MethodName: "Do",
		Handler: func(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			in := new([]byte)
			return in, decode(in)
		}}},
}

// bytesCodec carries a *[]byte.
type bytesCodec struct{}

func (bytesCodec) Name() string { return "bytes" }

func (bytesCodec) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(*v.(*[]byte))}, nil
}

func (bytesCodec) Unmarshal(data mem.BufferSlice, v any) error {
	*v.(*[]byte) = data.Materialize()
	return nil
}

func (grpcPeer) Serve(s Setup) (Server, error) {
	creds := insecure.NewCredentials()
	plain := s
	if s.Transport == TLS {
		var err error
		if creds, err = credentials.NewServerTLSFromFile(s.Files.Cert, s.Files.Key); err != nil {
			return nil, err
		}
		plain.Transport = TCP
	}
	ln, err := listen(plain)
	if err != nil {
		return nil, err
	}
	srv := grpc.NewServer(grpc.Creds(creds), grpc.ForceServerCodecV2(bytesCodec{}), grpc.MaxRecvMsgSize(grpcLimit),
		grpc.InitialWindowSize(grpcWindow), grpc.InitialConnWindowSize(grpcLimit))
	srv.RegisterService(&grpcService, nil)
	go func() { _ = srv.Serve(ln) }() // ends with Stop
	return server{ln.Addr().String(), func() error { srv.Stop(); return nil }}, nil
}

func (grpcPeer) Dial(s Setup, addrs []string) (Client, error) {
	creds := insecure.NewCredentials()
	if s.Transport == TLS {
		var err error
		if creds, err = credentials.NewClientTLSFromFile(s.Files.CA, ""); err != nil {
			return nil, err
		}
	}
	dial := func(ctx context.Context, addr string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network(s), addr)
	}
	conn, err := grpc.NewClient("passthrough:///"+addrs[0], grpc.WithTransportCredentials(creds), grpc.WithContextDialer(dial),
		grpc.WithAuthority("127.0.0.1"), grpc.WithInitialWindowSize(grpcWindow), grpc.WithInitialConnWindowSize(grpcLimit),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(bytesCodec{}), grpc.MaxCallRecvMsgSize(grpcLimit), grpc.WaitForReady(true)))
	if err != nil {
		return nil, err
	}
	return grpcClient{conn}, nil
}

type grpcClient struct{ *grpc.ClientConn }

func (c grpcClient) Call(ctx context.Context, _ int, body []byte) ([]byte, error) {
	var answer []byte
	err := c.Invoke(ctx, grpcMethod, &body, &answer)
	return answer, err
}
