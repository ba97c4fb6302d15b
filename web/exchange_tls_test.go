package web_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/matryer/is"
)

// listenTLS serves h over HTTPS, with HTTP/2 where the client wants it.
func listenTLS(t *testing.T, h http.Handler) *httptest.Server {
	s := httptest.NewUnstartedServer(h)
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func TestExchangesOverTLS(t *testing.T) {
	t.Parallel()
	app := newApp(nil)
	for _, next := range []string{"http/1.1", "h2"} {
		t.Run(next, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			want, got := overTLS(t, listenTLS(t, app), next), overTLS(t, listenTLS(t, offloaded(t, offloaded(t, app))), next)
			is.Equal(want.TLS, "server example.com") // a handler can tell https from http
			if next == "h2" {
				is.Equal(want.Proto, "HTTP/2.0") // it really was HTTP/2
				want.Proto = "HTTP/1.1"
			}
			got.Remote, want.Remote = "", ""
			is.Equal(got, want) // but for the protocol
		})
	}
}

// overTLS asks by net/http's client, the only one here that speaks HTTP/2.
func overTLS(t *testing.T, s *httptest.Server, next string) (out seen) {
	is := is.New(t)
	c := s.Client()
	transport := c.Transport.(*http.Transport)
	transport.ForceAttemptHTTP2 = next == "h2"
	transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", s.Listener.Addr().String())
	}
	if next != "h2" {
		transport.TLSClientConfig.NextProtos = nil
		transport.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
	}
	r, err := http.NewRequestWithContext(t.Context(), "PATCH", "https://example.com/a%2Fb/%C3%A4?c=d&&", strings.NewReader("body"))
	is.NoErr(err)
	r.Header["X"] = []string{"1", "caf\xe9", ""}
	r.Header.Add("Cookie", "a=b")
	resp, err := c.Do(r)
	is.NoErr(err) // an answer comes
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	is.NoErr(err)                        // all of it
	is.Equal(resp.StatusCode, 200)       // and a good one
	is.NoErr(json.Unmarshal(text, &out)) // it says what the handler saw
	return out
}

func TestTrailersOverHTTP2AreRefused(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s := listenTLS(t, offloaded(t, newApp(nil)))
	r, err := http.NewRequestWithContext(t.Context(), "POST", s.URL+"/a", io.NopCloser(strings.NewReader("body")))
	is.NoErr(err)
	r.Trailer = http.Header{"X-Sum": {"1"}}
	resp, err := s.Client().Do(r)
	is.NoErr(err) // an answer comes
	defer resp.Body.Close()
	is.Equal(resp.StatusCode, 501)
	is.Equal(resp.Proto, "HTTP/2.0") // it really was HTTP/2
}
