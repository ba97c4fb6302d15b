package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// Listener binds both endpoints of an address and makes peers of the links that come.
type Listener struct {
	addr   Addr
	cfg    Config
	events *events
	pairs  *pairing
	hands  handshakes
	secret heldSecret
	bound  []net.Listener
	ctx    context.Context
	cancel context.CancelCauseFunc
	tasks  sync.WaitGroup // accept loops and handshakes
}

// Listen binds both endpoints. Errors wrap ErrInUse, ErrNotTrusted, ErrSecret or the system's.
func Listen(addr Addr, cfg Config) (*Listener, error) {
	if err := checkConfig(addr, cfg); err != nil {
		return nil, err
	}
	if err := checkFiles(addr, cfg, true); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	l := &Listener{addr: addr, cfg: cfg, events: newEvents(cfg)}
	l.secret.set(cfg.Secret)
	l.ctx, l.cancel = context.WithCancelCause(context.Background())
	l.pairs = newPairing(func(a, b *link) *Peer {
		p := newPeer(a, b, l.addr.Requests.display(), cfg.Side, l.events)
		p.start(cfg)
		return p
	}, l.unpaired)
	for _, kind := range []linkKind{requests, responses} {
		ln, err := listen(addr.endpoint(kind), cfg)
		if err != nil {
			l.Close()
			return nil, fmt.Errorf("listen at %s: %w", addr.endpoint(kind).display(), err)
		}
		l.bound = append(l.bound, ln)
		l.addr = l.addr.with(kind, boundAt(addr.endpoint(kind), ln))
	}
	for i, ln := range l.bound {
		kind := linkKind(i)
		l.events.emit(Event{Type: Listening, Endpoint: l.addr.endpoint(kind).display()})
		l.tasks.Go(func() { l.acceptLoop(ln, kind) })
	}
	return l, nil
}

func checkConfig(addr Addr, cfg Config) error {
	if cfg.Side != App && cfg.Side != Instance || cfg.Accept == nil {
		return errors.New("transport: Config needs a Side and an Accept function")
	}
	if addr.Requests.secured() && cfg.Secret.IsZero() {
		return fmt.Errorf("%w: none is set, and %s needs one (WithSecret)", ErrSecret, addr.Requests)
	}
	for _, e := range []Endpoint{addr.Requests, addr.Responses} {
		if e.scheme == schemeNull && !cfg.Insecure && !e.Loopback() {
			return fmt.Errorf("%w: %s is open to everybody who can reach it; use tcp://, or insist (WithInsecure)", ErrEndpoint, e)
		}
	}
	return nil
}

// checkFiles says early what would refuse every connection.
func checkFiles(addr Addr, cfg Config, binds bool) error {
	if addr.Requests.scheme != schemeTLS {
		return nil
	}
	return cfg.TLS.check(binds)
}

func listen(e Endpoint, cfg Config) (net.Listener, error) {
	switch e.scheme {
	case schemeInproc:
		return listenInproc(e.rest)
	case schemeTCP, schemeTLS, schemeNull:
		return listenTCP(e)
	}
	return listenIPC(e.rest, cfg)
}

// Addr gives the address as it is bound, with the ports that the system chose.
func (l *Listener) Addr() Addr { return l.addr }

// SetSecret puts another secret in force for the connections to come. See Peer.AdmittedBy for those that are.
func (l *Listener) SetSecret(s Secret) { l.secret.set(s) }

// Close unbinds both endpoints and cuts handshakes under way. Peers live on until they are closed.
func (l *Listener) Close() error {
	l.cancel(ErrClosed)
	for _, ln := range l.bound {
		ln.Close()
	}
	l.tasks.Wait()
	l.pairs.close()
	return nil
}

// acceptLoop never waits for a handshake. Where the system has no room it waits a little, and longer.
func (l *Listener) acceptLoop(ln net.Listener, kind linkKind) {
	where := l.addr.endpoint(kind).display()
	back := backoff{}
	for {
		c, err := ln.Accept()
		switch {
		case l.ctx.Err() != nil:
			if err == nil {
				c.Close()
			}
			return
		case err != nil:
			l.events.emit(Event{Type: AcceptFailed, Endpoint: where, Err: err})
			if sleep(l.ctx, back.next()) != nil {
				return
			}
			continue
		}
		back.reset()
		hand := l.hands.begin(l.ctx, sourceOf(c))
		l.tasks.Go(func() {
			defer l.hands.end(hand)
			l.admit(hand, c, kind, where)
		})
	}
}

func (l *Listener) admit(hand *hand, c net.Conn, kind linkKind, where string) {
	who, known, err := connCred(c, l.cfg.peerCred)
	if err != nil {
		known = false // only the pairing of unnamed peers asks
	}
	role := endpointRole{kind: kind, side: l.cfg.Side, binds: true, scheme: l.addr.Requests.scheme, secret: l.secret.get(), vouched: hand.vouch}
	link, err := handshake(hand.ctx, l.cfg.wrap(c), role, l.cfg)
	if err == nil {
		link.cred, link.has = who, known
		err = l.pairs.add(link)
	}
	if err != nil && l.ctx.Err() == nil {
		e := Event{Type: HandshakeFailed, Endpoint: where, Err: err}
		if known {
			e.Peer = who.String()
		}
		l.events.emit(e)
	}
}

func (l *Listener) unpaired(half *link, err error) {
	e := Event{Type: HandshakeFailed, Endpoint: l.addr.endpoint(half.kind).display(), Err: err}
	if half.has {
		e.Peer = half.cred.String()
	}
	l.events.emit(e)
}

// sleep waits, or returns the context's cause.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
