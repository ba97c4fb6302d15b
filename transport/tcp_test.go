package transport

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"
)

func TestTCPEndpoints(t *testing.T) {
	t.Parallel()
	for _, scheme := range []string{schemeTCP, schemeTLS} {
		for _, c := range []struct {
			rest     string
			ok       bool
			dialable bool
			loopback bool
			hostPort string
		}{
			{"127.0.0.1:7000", true, true, true, "127.0.0.1:7000"},
			{"127.8.9.10:7000", true, true, true, "127.8.9.10:7000"},
			{"192.0.2.1:65535", true, true, false, "192.0.2.1:65535"},
			{"0.0.0.0:7000", true, true, false, "0.0.0.0:7000"},
			{"[::1]:7000", true, true, true, "[::1]:7000"},
			{"[::]:7000", true, true, false, "[::]:7000"},
			{"[fe80::1%eth0]:7000", true, true, false, "[fe80::1%eth0]:7000"},
			{"[2001:db8::7]:1", true, true, false, "[2001:db8::7]:1"},
			{"localhost:7000", true, true, true, "localhost:7000"},
			{"localhost.example:7000", true, true, false, "localhost.example:7000"},
			{"slow-1.svc_a.example.:7000", true, true, false, "slow-1.svc_a.example.:7000"},
			{"127.0.0.1:0", true, false, true, "127.0.0.1:0"},
			{"127.0.0.1:*", true, false, true, "127.0.0.1:0"},
			{"*:7000", true, false, false, ":7000"},
			{"*:*", true, false, false, ":0"},

			{rest: ""},
			{rest: "7000"},
			{rest: ":7000"},
			{rest: "127.0.0.1"},
			{rest: "127.0.0.1:"},
			{rest: "127.0.0.1:65536"},
			{rest: "127.0.0.1:-1"},
			{rest: "127.0.0.1:+1"},
			{rest: "127.0.0.1:http"},
			{rest: "127.0.0.1:7000/path"},
			{rest: "::1:7000"},
			{rest: "[::1]"},
			{rest: "[::1:7000"},
			{rest: "me@host:7000"},
			{rest: "a/b:7000"},
			{rest: "a b:7000"},
			{rest: "192.0.2.1:0;192.0.2.2:7000"}, // ZeroMQ's source address
			{rest: "host\x00:7000"},
		} {
			t.Run(scheme+" "+c.rest, func(t *testing.T) {
				is := is.New(t)
				e, err := ParseEndpoint(scheme + "://" + c.rest)
				if !c.ok {
					is.True(errors.Is(err, ErrEndpoint))                // it is refused
					is.True(strings.Contains(err.Error(), scheme))      // and named
					is.True(err.Error() != ErrEndpoint.Error()+" \"\"") // and the remedy, too
					return
				}
				is.NoErr(err)
				is.Equal(e.String(), scheme+"://"+c.rest)                  // as it was written
				is.Equal(e.hostPort(), c.hostPort)                         // as package net takes it
				is.Equal(e.Loopback(), c.loopback)                         // reachable from this host alone
				is.Equal(e.dialable() == nil, c.dialable)                  // any host and any port are for binders
				is.Equal(e.anyPort(), strings.HasSuffix(c.hostPort, ":0")) // the system chooses
			})
		}
	}
}

func TestTCPAddrs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		requests, responses string
		ok                  bool
	}{
		{"tcp://127.0.0.1:7000", "tcp://127.0.0.1:7001", true},
		{"tcp://127.0.0.1:0", "tcp://127.0.0.1:0", true},
		{"tcp://*:*", "tcp://*:*", true},
		{"tls+tcp://a:1", "tls+tcp://b:1", true},
		{"tcp://127.0.0.1:7000", "tcp://127.0.0.1:7000", false},
		{"tcp://127.0.0.1:7000", "tls+tcp://127.0.0.1:7001", false},
		{"tcp://127.0.0.1:7000", "ipc://run/a", false},
	} {
		t.Run(c.requests+" "+c.responses, func(t *testing.T) {
			is := is.New(t)
			_, err := ParseAddr(c.requests, c.responses)
			is.Equal(err == nil, c.ok)
			is.True(err == nil || errors.Is(err, ErrEndpoint)) // its kind
		})
	}
}

func TestTCPLastEndpointIsReadable(t *testing.T) {
	t.Parallel()
	for _, rest := range []string{"127.0.0.1:0", "127.0.0.1:*", "*:0", "*:*", "[::1]:0", "[::1]:*", "localhost:0"} {
		t.Run(rest, func(t *testing.T) {
			is := is.New(t)
			t.Parallel()
			addr, err := ParseAddr("tcp://"+rest, "tcp://"+rest)
			is.NoErr(err)
			l := wireListen(t, addr, Instance)
			is.True(l.addr.Requests != l.addr.Responses) // two ports
			wantHost, _, _ := net.SplitHostPort(rest)
			near := l.addr
			for _, kind := range []linkKind{requests, responses} {
				e := l.addr.endpoint(kind)
				host, port, err := net.SplitHostPort(e.rest)
				is.NoErr(err)
				is.Equal(host, wantHost)            // the host as it was written
				is.True(port != "0" && port != "*") // the port as it was bound
				is.Equal(l.event(Listening).Endpoint, e.String())
				if host == "*" {
					near = near.with(kind, Endpoint{schemeTCP, net.JoinHostPort("127.0.0.1", port)})
				}
			}
			d := wireDial(t, near, App)
			wireTalk(t, l.peer(), d.peer()) // and that is where it listens
		})
	}
}

func TestTCPWildcardTakesBothFamilies(t *testing.T) {
	is := is.New(t)
	t.Parallel()
	addr, err := ParseAddr("tcp://*:*", "tcp://*:*")
	is.NoErr(err)
	l := wireListen(t, addr, App)
	for _, host := range []string{"127.0.0.1", "::1", "localhost"} {
		near := l.addr
		for _, kind := range []linkKind{requests, responses} {
			_, port, _ := net.SplitHostPort(l.addr.endpoint(kind).rest)
			near = near.with(kind, Endpoint{schemeTCP, net.JoinHostPort(host, port)})
		}
		d := wireDial(t, near, Instance)
		wireTalk(t, l.peer(), d.peer()) // over host
	}
}

func TestTCPFamiliesAndNames(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"127.0.0.1", "::1", "localhost"} {
		for _, binder := range []Side{App, Instance} {
			t.Run(fmt.Sprintf("%s, the %s binds", host, binder), func(t *testing.T) {
				t.Parallel()
				bound, dialled := wirePair(t, schemeTCP, host, binder)
				wireTalk(t, bound, dialled)
			})
		}
	}
}

func TestTCPSeveralAddresses(t *testing.T) {
	is := is.New(t)
	t.Parallel()
	first := wireListen(t, wireAddr(t, schemeTCP, "127.0.0.1"), Instance)
	second := wireListen(t, wireAddr(t, schemeTCP, "::1"), Instance)
	is.True(first.addr != second.addr) // each has its own
	for _, l := range []*wireEnd{first, second, first} {
		d := wireDial(t, l.addr, App)
		wireTalk(t, l.peer(), d.peer())
	}
}

func TestTCPEndpointInUse(t *testing.T) {
	is := is.New(t)
	t.Parallel()
	l := wireListen(t, wireAddr(t, schemeTCP, "127.0.0.1"), Instance)
	free := wireAddr(t, schemeTCP, "127.0.0.1")
	for _, addr := range []Addr{l.addr, {free.Requests, l.addr.Responses}} {
		_, err := Listen(addr, newWireEnd(t).config(Instance, nil))
		is.True(errors.Is(err, ErrInUse)) // it is taken
		is.True(strings.Contains(err.Error(), l.addr.Responses.String()) ||
			strings.Contains(err.Error(), l.addr.Requests.String())) // the error names it
	}
	is.NoErr(l.close())
	again := wireListen(t, l.addr, Instance) // free again at once
	d := wireDial(t, again.addr, App)
	wireTalk(t, again.peer(), d.peer())
}

func TestTCPDialNeedsHostAndPort(t *testing.T) {
	is := is.New(t)
	t.Parallel()
	for _, e := range []string{"tcp://*:7000", "tcp://127.0.0.1:0", "tcp://127.0.0.1:*"} {
		addr, err := ParseAddr(e, "tcp://127.0.0.1:7001")
		is.NoErr(err)
		_, err = Dial(addr, newWireEnd(t).config(App, nil))
		is.True(errors.Is(err, ErrEndpoint)) // only a binder can take any
	}
}

func TestTCPNeedsASecret(t *testing.T) {
	is := is.New(t)
	t.Parallel()
	none := func(c *Config) { c.Secret = Secret{} }
	addr := wireAddr(t, schemeTCP, "127.0.0.1")
	_, err := Listen(addr, newWireEnd(t).config(App, []func(*Config){none}))
	is.True(errors.Is(err, ErrSecret)) // a binder
	_, err = Dial(Addr{Endpoint{schemeTCP, "127.0.0.1:1"}, Endpoint{schemeTCP, "127.0.0.1:2"}}, newWireEnd(t).config(App, []func(*Config){none}))
	is.True(errors.Is(err, ErrSecret)) // and a dialler
}

func TestTCPTheZeroSecretChangesNothing(t *testing.T) {
	t.Parallel()
	l := wireListen(t, wireAddr(t, schemeTCP, "127.0.0.1"), Instance)
	l.secret(Secret{})
	d := wireDial(t, l.addr, App)
	a, b := l.peer(), d.peer()
	wireTalk(t, a, b)
	d.secret(Secret{})
	a.Abort(nil)
	wireTalk(t, l.peer(), d.peer()) // the second dial has a secret, too
}

func TestTCPConnectBeforeBind(t *testing.T) {
	is := is.New(t)
	t.Parallel()
	spare := wireListen(t, wireAddr(t, schemeTCP, "127.0.0.1"), Instance)
	is.NoErr(spare.close()) // its ports are free, most likely for a while
	d := wireDial(t, spare.addr, App)
	d.event(Retrying)
	l := wireListen(t, spare.addr, Instance)
	wireTalk(t, l.peer(), d.peer())
}

// A dialler that hangs between connect and greeting gives up in time, and says why.
func TestTCPSilentBinder(t *testing.T) {
	is := is.New(t)
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	is.NoErr(err)
	defer ln.Close()
	began := time.Now()
	e := Endpoint{schemeTCP, ln.Addr().String()}
	d := wireDial(t, Addr{e, Endpoint{schemeTCP, "127.0.0.1:1"}}, App)
	failed := d.event(HandshakeFailed)
	is.True(errors.Is(failed.Err, ErrTimeout))                  // the reason
	is.True(time.Since(began) < handshakeTimeout+2*time.Second) // in time
	is.Equal(failed.Endpoint, e.String())                       // where
}
