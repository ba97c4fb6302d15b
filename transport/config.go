package transport

import (
	"io/fs"
	"log/slog"
	"net"
	"time"
)

// Side says what this process is on an address.
type Side uint8

// The two sides of an address.
const (
	App      Side = iota + 1 // sends requests, takes responses
	Instance                 // takes requests, sends responses
)

// String gives the word that PROTOCOL.md uses.
func (s Side) String() string {
	if s == App {
		return "app"
	}
	return "instance"
}

func (s Side) other() Side {
	if s == App {
		return Instance
	}
	return App
}

// pushes says whether this side is the PUSH end of a kind of link.
func (s Side) pushes(k linkKind) bool { return (s == App) == (k == requests) }

// linkKind says what flows over a link.
type linkKind uint8

const (
	requests linkKind = iota
	responses
)

func (k linkKind) String() string {
	if k == requests {
		return "requests"
	}
	return "responses"
}

// Defaults and limits.
const (
	DefaultHeartbeat     = time.Second     // write silence before a PING
	DefaultDead          = 3 * time.Second // read silence before a link is cut
	DefaultMaxFrame      = 4<<20 + 64<<10  // bytes of one message
	DefaultQueueMessages = 4096            // messages waiting to be written on one link
	DefaultQueueBytes    = 64 << 20        // and their bytes
	MaxLinks             = 1024            // links of one Listener

	// Budget is the memory, in bytes, that frames over 64 KiB may hold in the whole process.
	Budget = 64 << 20

	// SendBudget is the memory, in bytes, that links of the whole process may hold for peers that do not read
	// as fast as they are sent to; a link's first 256 KiB do not count.
	SendBudget = 256 << 20
)

const (
	maxHandshakes    = 64                     // under way at one Listener; beyond, the oldest is cut
	handshakeTimeout = 3 * time.Second        // connect and handshake, each
	halfPairedLife   = 3 * time.Second        // of a link that waits for its twin
	unnamedLife      = time.Second            // the same for links without a pair property
	drainTimeout     = 500 * time.Millisecond // reading the other link to its end
	memoryTimeout    = 5 * time.Second        // waiting for the memory of a large frame
	stallTimeout     = 10 * time.Second       // a write without progress, a frame under way
	flushTimeout     = time.Second            // writing what is queued when a peer is closed

	redialMin     = 50 * time.Millisecond
	redialMax     = 1500 * time.Millisecond
	redialRefused = 5 * time.Second // after a refused secret
	stableAfter   = time.Second     // a peer that lived this long resets the back-off
	waitingAfter  = 3 * time.Second // a dial that waits this long says for what

	refusalsDoubted = 5 // in a row, of a secret that was accepted before, are no reason to wait longer
)

// Message is one frame as it arrived.
type Message struct {
	// Frame belongs to the receiver.
	Frame []byte
	// Follows says that another message has arrived, too, and will be delivered without waiting.
	Follows bool

	Hold
}

// Hold is the share of the process's memory budget that a large frame has.
type Hold struct{ bytes int64 }

// Release gives it back. It must be called once, as soon as the handler or the waiter has the body.
func (h Hold) Release() {
	if h.bytes > 0 {
		budget.Release(h.bytes)
	}
}

// Receiver is what a Peer delivers to. Both methods are called from the transport's goroutines, or from one that leads (see
// Peer.Lead), one call at a time, and must not block. A Receive that borrows its goroutine may do so; then the next calls, Closed too, may come before it has returned.
type Receiver interface {
	// Receive takes over one message.
	Receive(Message)
	// Closed is called once, when both links are closed and every message was delivered.
	Closed(cause error)
}

// Config is what Listeners and Dialers share. Only Side and Accept are required, and Secret but for
// inproc and null+tcp.
type Config struct {
	Side   Side
	Secret Secret

	// Accept is called for every new peer before anything is read from it; it must not block. It may
	// already send.
	Accept func(*Peer) Receiver

	Log  *slog.Logger // default: silent
	Hook func(Event)  // called for every event, from the transport's goroutines or within Listen; must not block

	// Heartbeat is the write silence before a PING, Dead the read silence before a link is cut.
	// Zero: DefaultHeartbeat and DefaultDead. A negative Heartbeat switches both off.
	Heartbeat, Dead time.Duration

	MaxFrame      int // bytes; default DefaultMaxFrame, at most half of Budget
	QueueMessages int // default DefaultQueueMessages
	QueueBytes    int // default DefaultQueueBytes

	TLS *TLSFiles // certificates of tls+tcp endpoints; nil: none, and the system's roots

	Insecure bool // null+tcp endpoints may be reached from other hosts

	SocketMode fs.FileMode // of an ipc socket that is bound; default 0600
	PeerUIDs   []int       // users, besides our own and root, whose ipc sockets may be dialled

	// Wrap, if not nil, is put around every connection, right after it is accepted or dialled and the system has
	// said who is at the other end; TLS and ZMTP are above it. It is called once for each connection, from any
	// goroutine, and must not block. For tests of faults (see transporttest.Chaos): what it returns sees every
	// byte, and is closed in place of its argument. Where it has a method CloseWrite() error, half-close uses
	// that. A read deadline that passes must break off a Read that waits, and another Read after it must find every byte.
	// Where it has TryWrite(p []byte) (int, error), which writes what is taken without waiting and 0, nil
	// when that is nothing, senders use that, otherwise all writes come from one goroutine. What it is given to
	// write it must neither change nor keep: another connection's bytes are there as soon as the method has returned.
	Wrap func(net.Conn) net.Conn

	// peerCred is a seam for tests that cannot change their user; nil: ask the kernel.
	peerCred func(fd uintptr) (cred, error)
}

func (c Config) withDefaults() Config {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	c.Heartbeat = orDefault(c.Heartbeat, DefaultHeartbeat)
	c.Dead = orDefault(c.Dead, DefaultDead)
	c.MaxFrame = min(orDefault(c.MaxFrame, DefaultMaxFrame), Budget/2)
	c.QueueMessages = orDefault(c.QueueMessages, DefaultQueueMessages)
	c.QueueBytes = orDefault(c.QueueBytes, DefaultQueueBytes)
	c.SocketMode = orDefault(c.SocketMode, 0o600)
	if c.peerCred == nil {
		c.peerCred = peerCred
	}
	return c
}

func orDefault[T comparable](v, fallback T) T {
	var zero T
	if v == zero {
		return fallback
	}
	return v
}
