package transporttest

import (
	"errors"
	"net"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"
)

// chaosConn is a connection with the faults of a Chaos. Its waits are its own, so that they end by deadlines
// and by Close; all else is left to the connection below.
type chaosConn struct {
	net.Conn
	chaos   *Chaos
	ordinal int
	try     func([]byte) (int, error) // a write that does not wait; nil where there is none
	in, out way

	held    []byte // read and not handed over yet; with heldErr it belongs to the lock of in
	heldErr error
	buf     []byte

	once   sync.Once
	closed chan struct{}
	why    error // of closed
}

// way is one direction.
type way struct {
	name Way
	by   deadline

	mu    sync.Mutex // held by an operation; what follows belongs to it
	ops   int
	due   time.Time // when what is under way may pass
	since *spell
	bytes int64 // written in it
}

// errReset is what the end that is cut off sees.
var errReset = os.NewSyscallError("chaos", syscall.ECONNRESET)

// Write writes all of p, as the faults let it.
func (c *chaosConn) Write(p []byte) (n int, err error) {
	if len(p) == 0 {
		return c.Conn.Write(p)
	}
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	if c.isClosed() {
		return 0, c.why
	}
	plan := c.decide(&c.out, len(p))
	if plan.flip >= 0 {
		p = slices.Clone(p) // the caller's bytes are not ours
		p[plan.flip/8] ^= 1 << (plan.flip % 8)
	}
	end := len(p)
	if plan.cut >= 0 {
		end = plan.cut
	}
	c.out.delay(plan.delay)
	for {
		s, err := c.stall(&c.out)
		switch {
		case err != nil:
			return n, err
		case plan.half:
			return n, c.halfClose()
		case n == end:
			return n, c.reset()
		}
		did, err := c.Conn.Write(p[n : n+s.piece(end-n)])
		n += did
		c.out.delay(s.takes(did))
		if err != nil || n == len(p) {
			return n, c.cause(err)
		}
	}
}

// TryWrite writes what is taken without waiting, if no fault needs more than that; else it is for Write to do.
func (c *chaosConn) TryWrite(p []byte) (int, error) {
	if c.try == nil || len(p) == 0 || !c.out.mu.TryLock() {
		return 0, nil
	}
	defer c.out.mu.Unlock()
	s := c.chaos.spell.Load()
	if !s.quick() {
		return 0, nil
	}
	n, err := c.try(p[:s.piece(len(p))])
	if n > 0 {
		c.decide(&c.out, n)
	}
	return n, c.cause(err)
}

// Read hands over what has come, when its time has come.
func (c *chaosConn) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	c.in.mu.Lock()
	defer c.in.mu.Unlock()
	if len(c.held) == 0 && c.heldErr == nil {
		s, err := c.stall(&c.in) // what comes to a black hole stays below
		if err != nil {
			return 0, err
		}
		if err := c.fetch(s.Faults, len(p)); err != nil {
			return 0, err
		}
	}
	if _, err := c.stall(&c.in); err != nil {
		return 0, err
	}
	n := copy(p, c.held)
	c.held = c.held[n:]
	var err error
	if len(c.held) == 0 {
		err, c.heldErr = c.heldErr, nil
	}
	return n, err
}

// fetch reads from below. An error that is this side's own doing is returned; that of the other side is held
// back like what it has sent.
func (c *chaosConn) fetch(f Faults, size int) error {
	if c.buf == nil {
		c.buf = make([]byte, 64<<10)
	}
	n, err := c.Conn.Read(c.buf[:f.piece(min(size, len(c.buf)))])
	err = c.cause(err)
	if n == 0 && (c.isClosed() || errors.Is(err, os.ErrDeadlineExceeded)) {
		return err
	}
	c.held, c.heldErr = c.buf[:n], err
	if n > 0 {
		plan := c.decide(&c.in, n)
		if plan.flip >= 0 {
			c.held[plan.flip/8] ^= 1 << (plan.flip % 8)
		}
		c.in.delay(plan.delay + c.chaos.spell.Load().takes(n))
	}
	return nil
}

// Close closes the connection, whatever holds it up.
func (c *chaosConn) Close() error { return c.end(net.ErrClosed) }

// CloseWrite tells the other side that nothing more comes, where the connection below can.
func (c *chaosConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

func (c *chaosConn) halfClose() error {
	if err := c.CloseWrite(); err != nil {
		return c.reset()
	}
	return os.NewSyscallError("chaos", syscall.EPIPE)
}

// reset closes the connection so that the other side of a tcp connection sees a reset, too.
func (c *chaosConn) reset() error {
	if tcp, ok := c.Conn.(interface{ SetLinger(seconds int) error }); ok {
		tcp.SetLinger(0)
	}
	c.end(errReset)
	return c.why
}

func (c *chaosConn) end(why error) (err error) {
	c.once.Do(func() {
		c.why = why
		close(c.closed)
		err = c.Conn.Close()
	})
	return err
}

func (c *chaosConn) isClosed() bool {
	select {
	case <-c.closed:
		return true
	default:
		return false
	}
}

// cause names our own reason for an error from below.
func (c *chaosConn) cause(err error) error {
	if err != nil && c.isClosed() {
		return c.why
	}
	return err
}
