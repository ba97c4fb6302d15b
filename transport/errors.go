package transport

import (
	"errors"
	"io"
)

// What can end a handshake, a link or a send. Errors of this package wrap one of them.
var (
	ErrClosed       = errors.New("closed on this side")
	ErrPeerGone     = errors.New("the peer closed the connection")
	ErrLeft         = errors.New("the peer left in good order") // it was retired before
	ErrPeerSilent   = errors.New("the peer is silent: no byte within the heartbeat limit")
	ErrPeerStalled  = errors.New("the peer does not read: no progress in writing")
	ErrQueueFull    = errors.New("the link's queue is full")
	ErrProtocol     = errors.New("protocol violation")
	ErrFrameSize    = errors.New("frame too large")
	ErrBudget       = errors.New("no memory budget for a large frame in time")
	ErrRefused      = errors.New("refused: wrong secret")
	ErrNotTrusted   = errors.New("not trusted with the secret")
	ErrHandshake    = errors.New("handshake failed")
	ErrTimeout      = errors.New("timed out")
	ErrUnnamed      = errors.New("an unnamed peer is there already, and only one can be told from others")
	ErrUnpaired     = errors.New("the other link of the pair did not come")
	ErrTooManyLinks = errors.New("too many links")
	ErrInUse        = errors.New("endpoint in use")
)

// reasons are the classes of failures that are logged apart.
var reasons = []error{
	ErrRefused, ErrNotTrusted, ErrFrameSize, ErrUnnamed, ErrProtocol, ErrUnpaired, ErrTooManyLinks, ErrTimeout,
	ErrPeerSilent, ErrPeerStalled, ErrQueueFull, ErrBudget, ErrHandshake, ErrPeerGone,
}

func reasonOf(err error) error {
	for _, r := range reasons {
		if errors.Is(err, r) {
			return r
		}
	}
	return nil
}

// refused is true where the other side said no to our secret.
func refused(err error) bool { return errors.Is(err, ErrRefused) }

// gone is true for the ways in which a connection says that its other end left.
func gone(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || isReset(err)
}
