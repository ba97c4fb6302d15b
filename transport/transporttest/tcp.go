package transporttest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"quartet/transport"
)

// ports are tried one after another, from below the range that systems take for connections, so that nobody is
// given a port between two uses of it.
var ports atomic.Int64

const firstPort, portCount = 20_000, 12_000

// TCP makes addresses of two free ports of a host, for tcp or tls+tcp.
func TCP(scheme, host string) func(testing.TB) transport.Addr {
	return func(tb testing.TB) transport.Addr {
		tb.Helper()
		return parse(tb, scheme+"://"+freePort(tb, host), scheme+"://"+freePort(tb, host))
	}
}

func freePort(tb testing.TB, host string) string {
	tb.Helper()
	ports.CompareAndSwap(0, int64(os.Getpid()%100*(portCount/100)))
	var err error
	for range portCount {
		hostPort := net.JoinHostPort(host, strconv.Itoa(firstPort+int(ports.Add(1)%portCount)))
		var ln net.Listener
		if ln, err = net.Listen("tcp", hostPort); err == nil {
			ln.Close()
			return hostPort
		}
	}
	tb.Fatalf("no free port at %s: %v", host, err)
	return ""
}

// Certificate makes a certificate for this host, by its names and addresses, that is its own authority; both
// sides can use it.
func Certificate(tb testing.TB) *transport.TLSFiles {
	tb.Helper()
	must := func(b []byte, err error) []byte {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return b
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(nil, err)
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "quartet test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	cert := must(x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key))
	pkcs8 := must(x509.MarshalPKCS8PrivateKey(key))
	dir := tb.TempDir()
	f := &transport.TLSFiles{Cert: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem")}
	f.CA = f.Cert
	must(nil, os.WriteFile(f.Cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}), 0o600))
	must(nil, os.WriteFile(f.Key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), 0o600))
	return f
}
