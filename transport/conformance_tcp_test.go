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
	transporttest.Run(t, transporttest.TCP("tcp", "::1"), transporttest.Authenticated())
}

func TestConformanceTLS(t *testing.T) { conformTLS(t, "localhost") }

func TestConformanceTLSIPv6(t *testing.T) { conformTLS(t, "::1") }

func conformTLS(t *testing.T, host string) {
	files := transporttest.Certificate(t)
	transporttest.Run(t, transporttest.TCP("tls+tcp", host), transporttest.Authenticated(),
		transporttest.WithConfig(func(c *transport.Config) { c.TLS = files }))
}
