package transport

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	mrand "math/rand/v2"
	"net"
	"sync"
	"time"
)

// Dialer keeps one peer at an address, and dials again for ever: connect before bind works. The waits
// double from 50 ms to 1.5 s, jittered to 0.5-1.0 of that, and begin anew after a peer that lived.
type Dialer struct {
	addr   Addr
	cfg    Config
	events *events
	ctx    context.Context
	cancel context.CancelCauseFunc
	tasks  sync.WaitGroup
	secret heldSecret
	wake   chan struct{} // one slot: the secret has changed, there is no reason to wait any longer

	tried    Secret // that key counts in
	key      int    // which key of the secret is presented
	refusals int    // in a row
	accepted bool   // it was, once
}

// Dial starts dialling and returns at once. Errors are about the address, the secret and the Config.
func Dial(addr Addr, cfg Config) (*Dialer, error) {
	if err := checkConfig(addr, cfg); err != nil {
		return nil, err
	}
	if err := checkFiles(addr, cfg, false); err != nil {
		return nil, err
	}
	for _, kind := range []linkKind{requests, responses} {
		if err := addr.endpoint(kind).dialable(); err != nil {
			return nil, err
		}
	}
	cfg = cfg.withDefaults()
	d := &Dialer{addr: addr, cfg: cfg, events: newEvents(cfg)}
	d.wake = make(chan struct{}, 1)
	d.secret.set(cfg.Secret)
	d.ctx, d.cancel = context.WithCancelCause(context.Background())
	d.tasks.Go(d.loop)
	return d, nil
}

// Addr gives the address that is dialled.
func (d *Dialer) Addr() Addr { return d.addr }

// SetSecret puts another secret in force for the dials to come; its first key is tried first.
func (d *Dialer) SetSecret(s Secret) {
	d.secret.set(s)
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// Close ends the dialling. A peer that is up lives on until it is closed.
func (d *Dialer) Close() error {
	d.cancel(ErrClosed)
	d.tasks.Wait()
	return nil
}

func (d *Dialer) loop() {
	back := backoff{}
	waiting := waitNotice{since: time.Now()}
	for d.ctx.Err() == nil {
		peer, err := d.dial()
		wait := time.Duration(0)
		switch {
		case err == nil:
			d.refusals, d.accepted = 0, true
			born := time.Now()
			d.hold(peer)
			if time.Since(born) >= stableAfter {
				back.reset()
			}
			waiting = waitNotice{since: time.Now()}
			wait = back.next()
		case d.ctx.Err() != nil:
			return
		default:
			wait = d.failed(err, &back, &waiting)
		}
		d.pause(wait)
	}
}

func (d *Dialer) pause(wait time.Duration) {
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
	case <-d.wake:
	case <-d.ctx.Done():
	}
}

// hold waits for the end of a peer, or of its usefulness.
func (d *Dialer) hold(p *Peer) {
	select {
	case <-p.done:
	case <-p.retired:
	case <-d.ctx.Done():
	}
}

// failed says what became of a dial and how long to wait for the next.
func (d *Dialer) failed(err error, back *backoff, waiting *waitNotice) time.Duration {
	where := d.addr.Requests.display()
	wait := back.next()
	keys := max(len(d.secret.get().keys), 1)
	switch {
	case refused(err):
		d.key = (d.key + 1) % keys
		d.refusals++
		switch {
		case d.refusals%keys != 0:
			wait = redialMin // the other secret, while they are rotated
		case d.accepted && d.refusals <= refusalsDoubted*keys:
			// It was right before: to CURVE a wrong bit on the way looks like a wrong secret.
		default:
			wait = redialRefused
		}
	case keys > 1 && errors.Is(err, ErrHandshake) && errors.Is(err, ErrPeerGone):
		d.key = (d.key + 1) % keys // libzmq's CURVE server closes without a word when it cannot read HELLO
	}
	switch {
	case !notThere(err):
		d.events.emit(Event{Type: HandshakeFailed, Endpoint: where, Err: err})
	case waiting.due():
		d.events.emit(Event{Type: Waiting, Endpoint: where, Err: err})
	}
	d.events.emit(Event{Type: Retrying, Endpoint: where, Err: err, Next: wait})
	return wait
}

// dial brings up both links, the requests link first, and makes a peer of them.
func (d *Dialer) dial() (*Peer, error) {
	ctx, cancel := context.WithTimeoutCause(d.ctx, 2*(dialTimeout+handshakeTimeout), fmt.Errorf("%w: dialling", ErrTimeout))
	defer cancel()
	secret := d.secret.get()
	if !secret.Equal(d.tried) {
		d.tried, d.key, d.refusals, d.accepted = secret, 0, 0, false
	}
	role := endpointRole{side: d.cfg.Side, scheme: d.addr.Requests.scheme, secret: secret, key: d.key, pair: newPair()}
	first, err := d.link(ctx, requests, role)
	if err != nil {
		return nil, err
	}
	second, err := d.link(ctx, responses, role)
	if err != nil {
		first.discard(err)
		return nil, err
	}
	p := newPeer(first, second, d.addr.Requests.display(), d.cfg.Side, d.events)
	p.start(d.cfg)
	return p, nil
}

func (d *Dialer) link(ctx context.Context, kind linkKind, role endpointRole) (*link, error) {
	role.kind, role.host = kind, d.addr.endpoint(kind).host()
	c, err := dialEndpoint(ctx, d.addr.endpoint(kind), d.cfg)
	if err != nil {
		return nil, err
	}
	who, known, _ := connCred(c, d.cfg.peerCred)
	l, err := handshake(ctx, d.cfg.wrap(c), role, d.cfg)
	if err != nil {
		return nil, err
	}
	l.cred, l.has = who, known
	return l, nil
}

func dialEndpoint(ctx context.Context, e Endpoint, cfg Config) (net.Conn, error) {
	switch e.scheme {
	case schemeInproc:
		return dialInproc(ctx, e.rest)
	case schemeTCP, schemeTLS, schemeNull:
		return dialTCP(ctx, e)
	}
	return dialIPC(ctx, e.rest, cfg)
}

func newPair() string {
	var b [pairSize / 2]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// backoff doubles from redialMin to redialMax; half of it is jitter.
type backoff struct{ n int }

func (b *backoff) next() time.Duration {
	d := min(redialMin<<b.n, redialMax)
	if d < redialMax {
		b.n++
	}
	return d/2 + time.Duration(mrand.Int64N(int64(d/2)+1))
}

func (b *backoff) reset() { b.n = 0 }

// waitNotice is due once in each spell of waiting.
type waitNotice struct {
	since time.Time
	given bool
}

func (w *waitNotice) due() bool {
	if w.given || time.Since(w.since) < waitingAfter {
		return false
	}
	w.given = true
	return true
}
