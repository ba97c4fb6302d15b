package transport_test

import (
	"testing"

	"quartet/transport"
	"quartet/transport/transporttest"
)

func TestConformanceTCP(t *testing.T) {
	transporttest.Run(t, transporttest.TCP("tcp", "127.0.0.1"), transporttest.Authenticated())
}

func TestConformanceTCPIPv6(t *testing.T) {
	transporttest.Run(t, transporttest.TCP("tcp", "::1"), transporttest.Authenticated(), transporttest.Brief())
}

func TestConformanceTLS(t *testing.T) { conformTLS(t, "localhost") }

func TestConformanceTLSIPv6(t *testing.T) { conformTLS(t, "::1", transporttest.Brief()) }

func conformTLS(t *testing.T, host string, o ...transporttest.Option) {
	files := transporttest.Certificate(t)
	o = append(o, transporttest.Authenticated(), transporttest.WithConfig(func(c *transport.Config) { c.TLS = files }))
	transporttest.Run(t, transporttest.TCP("tls+tcp", host), o...)
}
