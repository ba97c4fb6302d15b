package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/go-zeromq/zmq4"
)

// endpointRole is what one end of one link has to say and to check.
type endpointRole struct {
	kind   linkKind
	side   Side
	binds  bool
	pair   string // diallers only
	scheme string
	host   string // that a dialler dials
	secret Secret
	key    int // which key a dialler presents

	vouched func() // called when a dialler has shown that it holds the secret; nil at a dialler
}

func (r endpointRole) socketType() zmq4.SocketType {
	if r.side.pushes(r.kind) {
		return zmq4.Push
	}
	return zmq4.Pull
}

// mechanism follows from the scheme alone: there is nothing to negotiate, and so nothing to downgrade.
func (r endpointRole) mechanism() (zmq4.Security, *security) {
	base := security{socketType: r.socketType(), pair: r.pair, vouched: r.vouched}
	switch r.scheme {
	case schemeInproc, schemeNull:
		s := &null{base}
		return s, &s.security
	case schemeTCP:
		s := &curve{security: base}
		for i := range r.secret.keys {
			s.addKeys(r, i)
			if r.binds {
				s.swapped = append(s.swapped, r.secret.curveKey(i, true, r.side, 1-r.kind))
			}
		}
		return s, &s.security
	}
	s := &plain{security: base}
	if r.binds {
		for i := range r.secret.keys {
			s.tokens = append(s.tokens, r.secret.plainToken(i, r.side.other(), r.kind))
			s.swapped = append(s.swapped, r.secret.plainToken(i, r.side.other(), 1-r.kind))
		}
	} else {
		s.tokens = []string{r.secret.plainToken(r.key, r.side, r.kind)}
	}
	return s, &s.security
}

// handshake makes a link of a connection, or closes it.
func handshake(ctx context.Context, c net.Conn, role endpointRole, cfg Config) (*link, error) {
	raw := c // below TLS, whose Close would wait
	stop := context.AfterFunc(ctx, func() { raw.Close() })
	c.SetDeadline(time.Now().Add(handshakeTimeout))
	if role.scheme == schemeTLS {
		tc, err := cfg.TLS.wrap(ctx, c, role.binds, role.host)
		if err != nil {
			stop()
			c.Close()
			return nil, handshakeError(ctx, err)
		}
		c = tc
	}
	linkCtx, cancel := context.WithCancel(context.Background())
	fc := newFrameConn(linkCtx, c)
	sec, base := role.mechanism()
	err := open(fc, sec, role)
	flushErr := fc.flushHandshake() // a binder's last act is a write, an ERROR too
	if err == nil {
		err = flushErr
	}
	if !stop() && err == nil {
		err = ErrClosed
	}
	if err != nil {
		cancel()
		c.Close()
		return nil, handshakeError(ctx, err)
	}
	c.SetDeadline(time.Time{})
	fc.out = nil
	if c, ok := sec.(*curve); ok {
		fc.box = c.session
	}
	l := newLink(linkCtx, cancel, fc, role, base.peerPair, cfg)
	l.admittedBy(role, base)
	return l, nil
}

// open lets the engine do the handshake, and keeps a panic of it from ending the process. The checks in frameConn and security are
// there so that none is known.
func open(fc *frameConn, sec zmq4.Security, role endpointRole) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%w: the engine panicked: %v", ErrHandshake, v)
		}
	}()
	_, err = zmq4.Open(fc, sec, role.socketType(), nil, role.binds, nil)
	return err
}

func handshakeError(ctx context.Context, err error) error {
	err = cause(err)
	switch {
	case reasonOf(err) != nil:
		return err
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("%w: no handshake within %v", ErrTimeout, handshakeTimeout)
	case gone(err) || isBrokenPipe(err):
		return fmt.Errorf("%w: %w during the handshake", ErrHandshake, ErrPeerGone)
	}
	return fmt.Errorf("%w: %w", ErrHandshake, innermost(err))
}

// innermost drops what the engine says around its errors.
func innermost(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
