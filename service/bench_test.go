package service_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"testing"

	"quartet/handler"
	"quartet/service"
)

var (
	benchWorlds = []world{{name: "inproc"}, {name: "ipc", ipc: true}}
	benchSizes  = []int{100, 4 << 10}
)

func benchPair(b *testing.B, w world, o ...service.ClientOption) *service.Client {
	b.Helper()
	addr := w.addr(b)
	c := newClient(b, addr, o...)
	newServer(b, echo, addr)
	ready(b, c)
	return c
}

// each runs one for both sizes, one caller and many.
func each(b *testing.B, name string, one func(b *testing.B, body []byte) error) {
	for _, size := range benchSizes {
		body := bytes.Repeat([]byte("q"), size)
		b.Run(fmt.Sprintf("%s/%dB/one", name, size), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := one(b, body); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("%s/%dB/many", name, size), func(b *testing.B) {
			b.ReportAllocs()
			b.SetParallelism(16)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := one(b, body); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

func BenchmarkCall(b *testing.B) {
	for _, w := range benchWorlds {
		c := benchPair(b, w)
		each(b, w.name, func(_ *testing.B, body []byte) error {
			reply, err := c.Call(context.Background(), svc, &handler.Request{Path: "/", Body: body})
			if err == nil && len(reply.Body) != len(body) {
				err = fmt.Errorf("%d bytes came back", len(reply.Body))
			}
			return err
		})
	}
}

// BenchmarkSend waits for the receipt of each: faster would only fill the queue.
func BenchmarkSend(b *testing.B) {
	for _, w := range benchWorlds {
		receipts := make(chan int, 1024)
		c := benchPair(b, w, service.WithResponses(handler.Func(
			func(_ context.Context, r *handler.Request) (*handler.Response, error) {
				receipts <- r.Answer.Code()
				return &handler.Response{}, nil
			})))
		each(b, w.name, func(_ *testing.B, body []byte) error {
			if _, err := c.Send(context.Background(), svc, &handler.Request{Path: "/", Body: body}); err != nil {
				return err
			}
			if code := <-receipts; code != 200 {
				return fmt.Errorf("status %d", code)
			}
			return nil
		})
	}
}

type doc struct{ Text string }

// BenchmarkInvoke is a call with typed bodies, to be held against BenchmarkHTTP.
func BenchmarkInvoke(b *testing.B) {
	for _, w := range benchWorlds {
		addr := w.addr(b)
		c := newClient(b, addr)
		newServer(b, handler.Typed(func(_ context.Context, in doc) (doc, error) { return in, nil }), addr)
		ready(b, c)
		each(b, w.name, func(_ *testing.B, body []byte) error {
			out, err := service.Invoke[doc](context.Background(), c, svc, "/", doc{string(body)})
			if err == nil && len(out.Text) != len(body) {
				err = fmt.Errorf("%d bytes came back", len(out.Text))
			}
			return err
		})
	}
}

// BenchmarkHTTP is what one would do otherwise: net/http and JSON over a unix socket.
func BenchmarkHTTP(b *testing.B) {
	socket := filepath.Join(b.TempDir(), "http")
	l, err := net.Listen("unix", socket)
	if err != nil {
		b.Fatal(err)
	}
	var served atomic.Int64
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in doc
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		served.Add(1)
		json.NewEncoder(w).Encode(in)
	})}
	go srv.Serve(l)
	tr := &http.Transport{MaxIdleConnsPerHost: 256, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}
	b.Cleanup(func() {
		tr.CloseIdleConnections()
		srv.Close()
	})
	client := &http.Client{Transport: tr}
	each(b, "unix", func(_ *testing.B, body []byte) error {
		in, err := json.Marshal(doc{string(body)})
		if err != nil {
			return err
		}
		resp, err := client.Post("http://unix/", "application/json", bytes.NewReader(in))
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		var out doc
		if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
			return err
		}
		io.Copy(io.Discard, resp.Body)
		if len(out.Text) != len(body) {
			return fmt.Errorf("%d bytes came back", len(out.Text))
		}
		return nil
	})
}
