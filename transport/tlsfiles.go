package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"
)

// ErrTLS is wrapped by errors about certificate files and about certificates that are not accepted.
var ErrTLS = errors.New("TLS")

// TLSFiles names the certificates of tls+tcp endpoints, as PEM files. They are looked at for every
// connection and read again when they have changed; files that cannot be read leave the last good ones in
// force. It is safe for concurrent use and must not be copied.
type TLSFiles struct {
	// Cert and Key are this side's certificate chain and key. A binder needs them; a dialler presents them
	// where the binder asks.
	Cert, Key string
	// CA holds the roots for the other side's certificate. A dialler without CA uses the system's; a binder
	// with CA demands a certificate of every dialler, without CA of none.
	CA string
	// ServerName is the name that a dialler expects in the binder's certificate; default: the endpoint's host.
	ServerName string

	mu    sync.Mutex
	stamp [3]fileStamp
	cert  *tls.Certificate
	roots *x509.CertPool
}

// fileStamp tells whether a file has changed.
type fileStamp struct {
	size    int64
	changed time.Time
}

// load returns what the files hold now.
func (t *TLSFiles) load() (*tls.Certificate, *x509.CertPool, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var now [3]fileStamp
	for i, name := range []string{t.Cert, t.Key, t.CA} {
		if info, err := os.Stat(name); err == nil {
			now[i] = fileStamp{info.Size(), info.ModTime()}
		}
	}
	loaded := t.cert != nil || t.roots != nil
	if loaded && now == t.stamp {
		return t.cert, t.roots, nil
	}
	cert, roots, err := t.read()
	if err != nil {
		if loaded { // perhaps they are being written
			return t.cert, t.roots, nil
		}
		return nil, nil, err
	}
	t.stamp, t.cert, t.roots = now, cert, roots
	return cert, roots, nil
}

func (t *TLSFiles) read() (*tls.Certificate, *x509.CertPool, error) {
	var cert *tls.Certificate
	var roots *x509.CertPool
	if t.Cert != "" || t.Key != "" {
		pair, err := tls.LoadX509KeyPair(t.Cert, t.Key)
		if err != nil {
			return nil, nil, fmt.Errorf("%w: the certificate %s with the key %s: %w", ErrTLS, t.Cert, t.Key, err)
		}
		cert = &pair
	}
	if t.CA != "" {
		pem, err := os.ReadFile(t.CA)
		if err != nil {
			return nil, nil, fmt.Errorf("%w: the roots: %w", ErrTLS, err)
		}
		if roots = x509.NewCertPool(); !roots.AppendCertsFromPEM(pem) {
			return nil, nil, fmt.Errorf("%w: no certificate in %s", ErrTLS, t.CA)
		}
	}
	return cert, roots, nil
}

// check says early what would refuse every connection.
func (t *TLSFiles) check(binds bool) error {
	if t == nil {
		t = &TLSFiles{}
	}
	if binds && (t.Cert == "" || t.Key == "") {
		return fmt.Errorf("%w: to bind tls+tcp takes a certificate and its key", ErrTLS)
	}
	_, _, err := t.load()
	return err
}

// wrap makes a TLS connection and completes its handshake, so that nothing of the mechanism inside is said
// before the certificate is verified.
func (t *TLSFiles) wrap(ctx context.Context, c net.Conn, binds bool, host string) (net.Conn, error) {
	if t == nil {
		t = &TLSFiles{}
	}
	cert, roots, err := t.load()
	if err != nil {
		return nil, err
	}
	cfg := &tls.Config{MinVersion: tls.VersionTLS13}
	if cert != nil {
		cfg.Certificates = []tls.Certificate{*cert}
	}
	var tc *tls.Conn
	if binds {
		if roots != nil {
			cfg.ClientCAs, cfg.ClientAuth = roots, tls.RequireAndVerifyClientCert
		}
		cfg.SessionTicketsDisabled = true // a resumed session would outlive a change of the files
		tc = tls.Server(c, cfg)
	} else {
		cfg.RootCAs, cfg.ServerName = roots, orDefault(t.ServerName, host)
		tc = tls.Client(c, cfg)
	}
	if err := tc.HandshakeContext(ctx); err != nil {
		if ctx.Err() != nil || isTimeout(err) {
			return nil, err // as for any other handshake
		}
		return nil, tlsError(err)
	}
	return tc, nil
}

func tlsError(err error) error {
	var bad *tls.CertificateVerificationError
	if errors.As(err, &bad) {
		return fmt.Errorf("%w: %w: %w", ErrNotTrusted, ErrTLS, err)
	}
	return fmt.Errorf("%w: %w: %w", ErrHandshake, ErrTLS, err)
}
