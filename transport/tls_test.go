package transport

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"
)

// tlsCA is an authority of a test.
type tlsCA struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
}

func newTLSCA(t testing.TB, name string) *tlsCA {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	tlsNoErr(t, err)
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	tlsNoErr(t, err)
	cert, err := x509.ParseCertificate(der)
	tlsNoErr(t, err)
	return &tlsCA{cert, key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
}

func tlsNoErr(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// issue makes a certificate; names may be IP addresses. changes come last.
func (ca *tlsCA) issue(t testing.TB, serial int64, names []string, changes ...func(*x509.Certificate)) (cert, key []byte) {
	t.Helper()
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	tlsNoErr(t, err)
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "quartet test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			tmpl.IPAddresses = append(tmpl.IPAddresses, ip)
		} else {
			tmpl.DNSNames = append(tmpl.DNSNames, name)
		}
	}
	for _, change := range changes {
		change(tmpl)
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, ca.cert, &own.PublicKey, ca.key)
	tlsNoErr(t, err)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(own)
	tlsNoErr(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
}

// tlsFile writes a file as a rollout does: it is there as a whole or not at all.
func tlsFile(t testing.TB, dir, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	tlsNoErr(t, os.WriteFile(path+".new", content, 0o600))
	tlsNoErr(t, os.Rename(path+".new", path))
	return path
}

var tlsLocal = []string{"localhost", "127.0.0.1", "::1"}

// files makes the files of a side: with a certificate for some names, or without one.
func (ca *tlsCA) files(t testing.TB, names []string, trusts *tlsCA, changes ...func(*x509.Certificate)) *TLSFiles {
	t.Helper()
	dir, f := t.TempDir(), &TLSFiles{}
	if names != nil {
		cert, key := ca.issue(t, 2, names, changes...)
		f.Cert, f.Key = tlsFile(t, dir, "cert.pem", cert), tlsFile(t, dir, "key.pem", key)
	}
	if trusts != nil {
		f.CA = tlsFile(t, dir, "ca.pem", trusts.pem)
	}
	return f
}

func withTLS(f *TLSFiles) func(*Config) { return func(c *Config) { c.TLS = f } }

func TestTLSTraffic(t *testing.T) {
	t.Parallel()
	ca := newTLSCA(t, "ours")
	for _, binder := range []Side{App, Instance} {
		for _, host := range tlsLocal {
			for _, mutual := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, the %s binds, mutual %v", host, binder, mutual), func(t *testing.T) {
					is := is.New(t)
					t.Parallel()
					server, client := ca.files(t, []string{host}, nil), ca.files(t, nil, ca)
					if mutual {
						server, client = ca.files(t, []string{host}, ca), ca.files(t, []string{"whoever"}, ca)
					}
					l := wireListen(t, wireAddr(t, schemeTLS, host), binder, withTLS(server))
					d := wireDial(t, l.addr, binder.other(), withTLS(client))
					bound, dialled := l.peer(), d.peer()
					wireTalk(t, bound, dialled)
					for _, way := range [][2]*wirePeer{{bound, dialled}, {dialled, bound}} {
						for _, size := range []int{1, 16 << 10, 16<<10 + 1, 1 << 20, 4 << 20} {
							frame := make([]byte, size)
							rand.Read(frame)
							is.NoErr(way[0].SendWithin(wirePatience, frame))
							is.True(bytes.Equal([]byte(way[1].next()), frame)) // whole
						}
					}
				})
			}
		}
	}
}

func TestTLSServerName(t *testing.T) {
	t.Parallel()
	ca := newTLSCA(t, "ours")
	client := ca.files(t, nil, ca)
	client.ServerName = "slow.example"
	l := wireListen(t, wireAddr(t, schemeTLS, "127.0.0.1"), Instance, withTLS(ca.files(t, []string{"slow.example"}, nil)))
	d := wireDial(t, l.addr, App, withTLS(client))
	wireTalk(t, l.peer(), d.peer()) // verified by the name that was asked for
}

// A reader that stops stops its sender, not the process; nothing is lost when it goes on.
func TestTLSSlowReader(t *testing.T) {
	is := is.New(t)
	t.Parallel()
	ca := newTLSCA(t, "ours")
	l := wireListen(t, wireAddr(t, schemeTLS, "127.0.0.1"), Instance, withTLS(ca.files(t, tlsLocal, nil)), wireGated)
	d := wireDial(t, l.addr, App, withTLS(ca.files(t, nil, ca)), func(c *Config) { c.Heartbeat, c.QueueMessages = -1, 64 })
	bound, dialled := l.peer(), d.peer()
	frame := bytes.Repeat([]byte("slow "), 20_000)
	sent := 0
	for ; sent < 10_000; sent++ {
		if _, err := dialled.Send(append(fmt.Appendf(nil, "%06d", sent), frame...)); err != nil {
			is.True(errors.Is(err, ErrQueueFull)) // bounded
			break
		}
	}
	is.True(sent > 0 && sent < 10_000)
	close(bound.gate)
	for i := range sent {
		is.Equal(bound.next()[:6], fmt.Sprintf("%06d", i)) // every one, in order
	}
}

// A peer that does not read does not hold up its own end, either.
func TestTLSCloseOfAStuckPeer(t *testing.T) {
	is := is.New(t)
	t.Parallel()
	ca := newTLSCA(t, "ours")
	l := wireListen(t, wireAddr(t, schemeTLS, "127.0.0.1"), Instance, withTLS(ca.files(t, tlsLocal, nil)), wireGated)
	d := wireDial(t, l.addr, App, withTLS(ca.files(t, nil, ca)), func(c *Config) { c.Heartbeat = -1 })
	l.peer()
	dialled := d.peer()
	for range 16 {
		dialled.Send(make([]byte, 2<<20))
	}
	is.NoErr(d.close())
	began := time.Now()
	dialled.Close()
	wireRecv(t, dialled.Done(), "the end of the peer")
	is.True(time.Since(began) < flushTimeout+drainTimeout+3*time.Second) // not stallTimeout
}

// tlsFake is a binder with any certificate; it keeps what it is told inside TLS.
func tlsFake(t testing.TB, cfg *tls.Config) (addr Addr, heard <-chan []byte) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	tlsNoErr(t, err)
	all := make(chan []byte, 64)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			c.SetDeadline(time.Now().Add(handshakeTimeout))
			tc := tls.Server(c, cfg)
			if tc.Handshake() == nil {
				tc.Write(wireGreeting("PLAIN"))
			}
			said, _ := io.ReadAll(tc)
			c.Close()
			all <- said
		}
	}()
	t.Cleanup(func() {
		ln.Close()
		<-done
	})
	e := Endpoint{schemeTLS, ln.Addr().String()}
	return Addr{e, Endpoint{schemeTLS, "127.0.0.1:1"}}, all
}

func tlsPair(t testing.TB, cert, key []byte) tls.Certificate {
	t.Helper()
	pair, err := tls.X509KeyPair(cert, key)
	tlsNoErr(t, err)
	return pair
}

// A dialler says nothing, and above all not its token, to a binder that it cannot verify.
func TestTLSBinderNotVerified(t *testing.T) {
	t.Parallel()
	ours, theirs := newTLSCA(t, "ours"), newTLSCA(t, "theirs")
	expired := func(c *x509.Certificate) {
		c.NotBefore, c.NotAfter = c.NotBefore.Add(-time.Hour), time.Now().Add(-time.Minute)
	}
	early := func(c *x509.Certificate) { c.NotBefore = time.Now().Add(30 * time.Minute) }
	clientOnly := func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }
	for _, c := range []struct {
		name   string
		ca     *tlsCA
		names  []string
		change func(*x509.Certificate)
		trusts *tlsCA
		tls12  bool
		wants  error
	}{
		{"another name", ours, []string{"elsewhere.example", "127.0.0.2"}, nil, ours, false, ErrNotTrusted},
		{"another authority", theirs, tlsLocal, nil, ours, false, ErrNotTrusted},
		{"the system's authorities", ours, tlsLocal, nil, nil, false, ErrNotTrusted},
		{"expired", ours, tlsLocal, expired, ours, false, ErrNotTrusted},
		{"not valid yet", ours, tlsLocal, early, ours, false, ErrNotTrusted},
		{"for clients only", ours, tlsLocal, clientOnly, ours, false, ErrNotTrusted},
		{"TLS 1.2", ours, tlsLocal, nil, ours, true, ErrHandshake},
	} {
		t.Run(c.name, func(t *testing.T) {
			is := is.New(t)
			t.Parallel()
			if c.change == nil {
				c.change = func(*x509.Certificate) {}
			}
			cert, key := c.ca.issue(t, 2, c.names, c.change)
			cfg := &tls.Config{Certificates: []tls.Certificate{tlsPair(t, cert, key)}}
			if c.tls12 {
				cfg.MaxVersion = tls.VersionTLS12
			}
			addr, heard := tlsFake(t, cfg)
			d := wireDial(t, addr, App, withTLS(ours.files(t, nil, c.trusts)))
			failed := d.event(HandshakeFailed).Err
			is.True(errors.Is(failed, c.wants))                         // the reason
			is.True(errors.Is(failed, ErrTLS))                          // of TLS
			is.True(!errors.Is(failed, ErrRefused))                     // not of the secret
			is.Equal(len(wireRecv(t, heard, "what the fake heard")), 0) // not one octet of ZMTP
			is.Equal(len(d.peers), 0)
		})
	}
}

// The fake hears the token once its certificate is good: so the test above would see one.
func TestTLSBinderVerified(t *testing.T) {
	is := is.New(t)
	t.Parallel()
	ca := newTLSCA(t, "ours")
	cert, key := ca.issue(t, 2, tlsLocal)
	addr, heard := tlsFake(t, &tls.Config{Certificates: []tls.Certificate{tlsPair(t, cert, key)}})
	wireDial(t, addr, App, withTLS(ca.files(t, nil, ca)))
	is.True(strings.Contains(string(wireRecv(t, heard, "what the fake heard")), wireSecret(1).plainToken(0, App, requests)))
}

// A binder says nothing to a dialler whose certificate it demands and does not get.
func TestTLSDiallerNotVerified(t *testing.T) {
	t.Parallel()
	ours, theirs := newTLSCA(t, "ours"), newTLSCA(t, "theirs")
	client := func(ca *tlsCA, changes ...func(*x509.Certificate)) []tls.Certificate {
		cert, key := ca.issue(t, 3, []string{"a client"}, changes...)
		return []tls.Certificate{tlsPair(t, cert, key)}
	}
	roots := x509.NewCertPool()
	roots.AddCert(ours.cert)
	l := wireListen(t, wireAddr(t, schemeTLS, "127.0.0.1"), Instance, withTLS(ours.files(t, tlsLocal, ours)))
	for _, c := range []struct {
		name string
		cfg  *tls.Config
		ok   bool
	}{
		{"a good one", &tls.Config{Certificates: client(ours)}, true},
		{"none", &tls.Config{}, false},
		{"of another authority", &tls.Config{Certificates: client(theirs)}, false},
		{"expired", &tls.Config{Certificates: client(ours, func(c *x509.Certificate) {
			c.NotAfter = time.Now().Add(-time.Minute)
		})}, false},
		{"for servers only", &tls.Config{Certificates: client(ours, func(c *x509.Certificate) {
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		})}, false},
		{"TLS 1.2", &tls.Config{Certificates: client(ours), MaxVersion: tls.VersionTLS12}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			is := is.New(t)
			conn, err := net.Dial("tcp", l.addr.Requests.hostPort())
			is.NoErr(err)
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(wirePatience))
			c.cfg.RootCAs, c.cfg.ServerName = roots, "127.0.0.1"
			tc := tls.Client(conn, c.cfg)
			said := make([]byte, 1)
			n := 0
			if err = tc.Handshake(); err == nil {
				n, err = tc.Read(said)
			}
			if c.ok {
				is.NoErr(err)
				is.Equal(said[0], byte(signatureHead)) // it speaks ZMTP to a good one
				conn.Close()
				l.event(HandshakeFailed) // that says no more
				return
			}
			is.True(err != nil) // refused
			is.Equal(n, 0)      // before any octet of ZMTP
			failed := l.event(HandshakeFailed).Err
			is.True(errors.Is(failed, ErrTLS))
		})
	}
	d := wireDial(t, l.addr, App, withTLS(ours.files(t, []string{"a client"}, ours)))
	wireTalk(t, l.peer(), d.peer())
}

func TestTLSWrongSecret(t *testing.T) {
	is := is.New(t)
	t.Parallel()
	ca := newTLSCA(t, "ours")
	l := wireListen(t, wireAddr(t, schemeTLS, "127.0.0.1"), App, withTLS(ca.files(t, tlsLocal, nil)))
	d := wireDial(t, l.addr, Instance, withTLS(ca.files(t, nil, ca)), func(c *Config) { c.Secret = wireSecret(2) })
	is.True(errors.Is(d.event(HandshakeFailed).Err, ErrRefused)) // a certificate does not stand in for the secret
	is.True(errors.Is(l.event(HandshakeFailed).Err, ErrRefused))
	is.Equal(d.event(Retrying).Next, redialRefused)
	is.Equal(len(l.peers)+len(d.peers), 0)
}

// An endpoint has one mechanism: neither ZMTP without TLS, nor TLS without its scheme.
func TestTLSNoDowngrade(t *testing.T) {
	t.Parallel()
	ca := newTLSCA(t, "ours")
	withFiles := func(c *Config) { c.TLS = ca.files(t, tlsLocal, ca) }
	for _, c := range []struct{ binder, dialler string }{{schemeTLS, schemeTCP}, {schemeTCP, schemeTLS}} {
		t.Run(c.dialler+" to "+c.binder, func(t *testing.T) {
			is := is.New(t)
			t.Parallel()
			l := wireListen(t, wireAddr(t, c.binder, "127.0.0.1"), Instance, withFiles)
			d := wireDial(t, Addr{Endpoint{c.dialler, l.addr.Requests.rest}, Endpoint{c.dialler, l.addr.Responses.rest}}, App, withFiles)
			is.True(d.event(HandshakeFailed).Err != nil)
			is.True(l.event(HandshakeFailed).Err != nil)
			is.Equal(len(l.peers)+len(d.peers), 0)
		})
	}
}

func TestTLSFilesAreCheckedEarly(t *testing.T) {
	is := is.New(t)
	t.Parallel()
	ca := newTLSCA(t, "ours")
	good, other := ca.files(t, tlsLocal, ca), ca.files(t, tlsLocal, ca)
	addr := wireAddr(t, schemeTLS, "127.0.0.1")
	for name, f := range map[string]*TLSFiles{
		"none":                nil,
		"no certificate":      {CA: good.CA},
		"no key":              {Cert: good.Cert},
		"a missing file":      {Cert: good.Cert, Key: good.Key + ".not"},
		"another's key":       {Cert: good.Cert, Key: other.Key},
		"a key for a cert":    {Cert: good.Key, Key: good.Key},
		"roots that are none": {Cert: good.Cert, Key: good.Key, CA: good.Key},
		"missing roots":       {Cert: good.Cert, Key: good.Key, CA: good.CA + ".not"},
	} {
		t.Run(name, func(t *testing.T) {
			is := is.New(t)
			_, err := Listen(addr, newWireEnd(t).config(Instance, []func(*Config){withTLS(f)}))
			is.True(errors.Is(err, ErrTLS))                    // a binder without it is refused at once
			is.True(!strings.Contains(err.Error(), "PRIVATE")) // and shows no key
		})
	}
	_, err := Dial(Addr{Endpoint{schemeTLS, "a:1"}, Endpoint{schemeTLS, "a:2"}},
		newWireEnd(t).config(App, []func(*Config){withTLS(&TLSFiles{CA: "not-there.pem"})}))
	is.True(errors.Is(err, ErrTLS)) // a dialler, too
}

// serial asks a binder for its certificate.
func tlsSerial(t testing.TB, e Endpoint, ca *tlsCA) int64 {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AddCert(ca.cert)
	d := &net.Dialer{Timeout: wirePatience}
	c, err := tls.DialWithDialer(d, "tcp", e.hostPort(), &tls.Config{RootCAs: roots, ServerName: "127.0.0.1"})
	tlsNoErr(t, err)
	defer c.Close()
	return c.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
}

func TestTLSFilesAreReadAgain(t *testing.T) {
	is := is.New(t)
	t.Parallel()
	ours, next := newTLSCA(t, "ours"), newTLSCA(t, "next")
	dir := t.TempDir()
	put := func(ca *tlsCA, serial int64) {
		cert, key := ca.issue(t, serial, tlsLocal)
		tlsFile(t, dir, "cert.pem", cert)
		tlsFile(t, dir, "key.pem", key)
	}
	put(ours, 10)
	server := &TLSFiles{Cert: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem")}
	l := wireListen(t, wireAddr(t, schemeTLS, "127.0.0.1"), Instance, withTLS(server))
	client := ours.files(t, nil, ours)
	d := wireDial(t, l.addr, App, withTLS(client))
	bound, dialled := l.peer(), d.peer()
	wireTalk(t, bound, dialled)
	is.Equal(tlsSerial(t, l.addr.Requests, ours), int64(10))

	put(ours, 11111111111)
	is.Equal(tlsSerial(t, l.addr.Requests, ours), int64(11111111111)) // served without a restart
	wireTalk(t, bound, dialled)                                       // who is there stays

	tlsFile(t, dir, "cert.pem", []byte("half a certifica"))
	is.Equal(tlsSerial(t, l.addr.Requests, ours), int64(11111111111)) // a broken file leaves the last good one
	tlsNoErr(t, os.Remove(filepath.Join(dir, "key.pem")))
	is.Equal(tlsSerial(t, l.addr.Requests, ours), int64(11111111111)) // so does a missing one

	put(next, 12)
	is.Equal(tlsSerial(t, l.addr.Requests, next), int64(12)) // and a good one counts again
	late := wireDial(t, l.addr, App, withTLS(client))
	is.True(errors.Is(late.event(HandshakeFailed).Err, ErrNotTrusted)) // of an authority that nobody trusts yet
	tlsFile(t, filepath.Dir(client.CA), "ca.pem", append(bytes.Clone(ours.pem), next.pem...))
	wireTalk(t, l.peer(), late.peer()) // until its roots are read again
}

// Strangers on a tls+tcp endpoint are cut off in time, too.
func TestTLSStrangers(t *testing.T) {
	is := is.New(t)
	t.Parallel()
	ca := newTLSCA(t, "ours")
	l := wireListen(t, wireAddr(t, schemeTLS, "127.0.0.1"), Instance, withTLS(ca.files(t, tlsLocal, nil)))
	roots := x509.NewCertPool()
	roots.AddCert(ca.cert)
	inside := func(b []byte) func(*stranger, net.Conn) {
		return func(_ *stranger, c net.Conn) {
			tc := tls.Client(c, &tls.Config{RootCAs: roots, ServerName: "127.0.0.1"})
			if tc.Handshake() == nil {
				tc.Write(b)
			}
		}
	}
	g := wireGreeting("PLAIN")
	all := []stranger{
		{name: "silent", say: new(stranger).words()},
		{name: "garbage", say: new(stranger).words(bytes.Repeat([]byte("garbage"), 1000))},
		{name: "ZMTP", say: new(stranger).words(g)},
		{name: "a TLS record of 64 KiB", say: new(stranger).words([]byte{22, 3, 1, 0xff, 0xff}, make([]byte, 0xffff))},
		{name: "half a ClientHello", say: new(stranger).words([]byte("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"))},
		{name: "silent inside", say: inside(nil)},
		{name: "garbage inside", say: inside([]byte("garbage"))},
		{name: "HTTP inside", say: inside([]byte("GET / HTTP/1.1\r\n\r\n"))},
		{name: "NULL inside", say: inside(append(wireGreeting("NULL"), wireCommand("READY", appendProperty(nil, propSocketType, "PUSH"))...))},
		{name: "a guess inside", say: inside(append(g[:64:64], wireCommand("HELLO", []byte("\x09quartet/1\x05guess"))...))},
		{name: "a huge claim inside", say: inside(append(g[:64:64], flagLong|flagCommand, 0x40, 0, 0, 0, 0, 0, 0, 0))},
	}
	errs := make(chan error, len(all))
	for _, s := range all {
		go func() {
			_, err := s.visit(l.addr.Requests)
			errs <- err
		}()
	}
	d := wireDial(t, l.addr, App, withTLS(ca.files(t, nil, ca)))
	wireTalk(t, l.peer(), d.peer()) // served meanwhile
	for range all {
		is.NoErr(wireRecv(t, errs, "the end of a stranger"))
	}
	is.Equal(len(l.peers), 0) // none got in
}

// Close does not wait for a TLS handshake that hangs.
func TestTLSListenerCloses(t *testing.T) {
	is := is.New(t)
	t.Parallel()
	ca := newTLSCA(t, "ours")
	l := wireListen(t, wireAddr(t, schemeTLS, "127.0.0.1"), Instance, withTLS(ca.files(t, tlsLocal, nil)))
	c, err := net.Dial("tcp", l.addr.Requests.hostPort())
	is.NoErr(err)
	defer c.Close()
	d := wireDial(t, l.addr, App, withTLS(ca.files(t, nil, ca)))
	wireTalk(t, l.peer(), d.peer()) // the silent one was accepted before
	began := time.Now()
	is.NoErr(l.close())
	is.True(time.Since(began) < handshakeTimeout-time.Second) // it was cut
}
