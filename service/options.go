package service

import (
	"io/fs"
	"log/slog"
	"net"
	"time"

	"quartet/handler"
	"quartet/transport"
)

// Defaults and limits.
const (
	DefaultMaxBody     = 4 << 20          // bytes of a body, both ways
	DefaultTimeout     = 30 * time.Second // of a Call
	DefaultDeadline    = 10 * time.Minute // of the work of a Send
	DefaultWait        = 2 * time.Second  // for an instance
	DefaultConcurrency = 1024             // handlers of an instance
	DefaultBacklog     = 1024             // requests that wait at an instance
	DefaultWindow      = 256              // unanswered requests that an instance takes from one app
	DefaultWindowBytes = 16 << 20         // and their bytes

	DefaultLarge = 64 << 20 // bytes of requests over 64 KiB that wait or run at an instance

	MaxWaiting      = 16384    // calls of one service that wait in a client
	MaxWaitingBytes = 64 << 20 // and their bytes
	MaxSentBytes    = 64 << 20 // requests and answers of accepted Sends
	MaxSent         = 16384    // accepted Sends of one client whose response handler has not returned
	MaxResponding   = 64       // response handlers of Sends that run at a time
)

const (
	windowWait      = 100 * time.Millisecond // for a free place in a window
	plainAfter      = time.Second            // a peer without hello counts as plain
	plainWindow     = 64
	frameOverhead   = 64 << 10
	backlogBytes    = transport.Budget / 2 // what waits holds the memory of its frames: it must not hold all of it
	largeRequest    = 64 << 10
	answerWait      = time.Second      // for room in the queue of answers, before its peer is cut
	maxStalled      = 32               // answers of one app that may wait for it
	forgetAfter     = 10 * time.Second // a place in a window whose caller left and whose instance is silent
	closeLimit      = 5 * time.Second  // for goroutines to end in Close
	byeLimit        = time.Second      // for the answer to bye
	drainLimit      = 10 * time.Second // for the last answers of a link whose secret was removed
	respondingLimit = DefaultTimeout   // of the response handler of a Send
)

// ClientOption configures a Client.
type ClientOption interface{ applyClient(*clientOptions) }

// RegisterOption configures one registered service; it overrides the client's.
type RegisterOption interface{ applyRegister(*registerOptions) }

// CallOption configures one Call or Send; it overrides the service's.
type CallOption interface{ applyCall(*callOptions) }

// ServerOption configures a Server.
type ServerOption interface{ applyServer(*serverOptions) }

// Option configures either side: a Client, a registered service, or a Server.
type Option interface {
	ClientOption
	RegisterOption
	ServerOption
}

// ClientSideOption configures a Client or a registered service.
type ClientSideOption interface {
	ClientOption
	RegisterOption
}

// TimeOption configures a Client, a registered service or a call.
type TimeOption interface {
	ClientSideOption
	CallOption
}

// linkOptions are what both sides have to say about their links.
type linkOptions struct {
	secret          Secret
	log             *slog.Logger
	hook            func(Event)
	name            string
	maxBody         int
	heartbeat, dead time.Duration
	tls             *TLSFiles
	insecure        bool
	socketMode      fs.FileMode
	peerUIDs        []int
	wrap            func(net.Conn) net.Conn
}

type callOptions struct {
	timeout  time.Duration
	deadline time.Duration
	method   string
	args     map[string]string
	again    bool
	from     string // the app that asked, where another process asks on its behalf
}

type registerOptions struct {
	linkOptions
	callOptions
	wait      time.Duration
	responses handler.Handler
}

type clientOptions struct{ registerOptions }

type serverOptions struct {
	linkOptions
	concurrency, backlog int
	window, windowBytes  int
	large                int64
	relay                Caller
}

func defaultLink() linkOptions {
	return linkOptions{log: slog.New(slog.DiscardHandler), name: processName(), maxBody: DefaultMaxBody}
}

func (o linkOptions) config(side transport.Side) transport.Config {
	return transport.Config{
		Side: side, Secret: o.secret, Log: o.log, Hook: o.hook,
		Heartbeat: o.heartbeat, Dead: o.dead,
		MaxFrame:   o.maxBody + frameOverhead,
		TLS:        o.tls,
		Insecure:   o.insecure,
		SocketMode: o.socketMode, PeerUIDs: o.peerUIDs,
		Wrap: o.wrap,
	}
}

// The option types below differ in where they may be given; a wrong side does not compile.

type bothSides func(*linkOptions)

func (f bothSides) applyClient(o *clientOptions)     { f(&o.linkOptions) }
func (f bothSides) applyRegister(o *registerOptions) { f(&o.linkOptions) }
func (f bothSides) applyServer(o *serverOptions)     { f(&o.linkOptions) }

type clientSide func(*registerOptions)

func (f clientSide) applyClient(o *clientOptions)     { f(&o.registerOptions) }
func (f clientSide) applyRegister(o *registerOptions) { f(o) }

type anyTime func(*callOptions)

func (f anyTime) applyClient(o *clientOptions)     { f(&o.callOptions) }
func (f anyTime) applyRegister(o *registerOptions) { f(&o.callOptions) }
func (f anyTime) applyCall(o *callOptions)         { f(o) }

type oneCall func(*callOptions)

func (f oneCall) applyCall(o *callOptions) { f(o) }

type serverSide func(*serverOptions)

func (f serverSide) applyServer(o *serverOptions) { f(o) }

// WithSecret sets the secret that both sides share. All endpoints but inproc and null+tcp need one; there is
// no default.
func WithSecret(s Secret) Option { return bothSides(func(o *linkOptions) { o.secret = s }) }

// WithLogger sets where events and the reasons of failures are logged. Default: nowhere.
func WithLogger(l *slog.Logger) Option {
	return bothSides(func(o *linkOptions) {
		if o.log = l; l == nil {
			o.log = slog.New(slog.DiscardHandler)
		}
	})
}

// WithHook sets a function that is called for every Event of every endpoint. It must not block.
func WithHook(f func(Event)) Option { return bothSides(func(o *linkOptions) { o.hook = f }) }

// WithName sets what this process calls itself, for people; at most 256 bytes. Default: host/pid.
func WithName(name string) Option { return bothSides(func(o *linkOptions) { o.name = name }) }

// WithMaxBody sets the largest body, in bytes, that is sent or received. Default 4 MiB; both sides should
// agree. At most 16 MiB.
func WithMaxBody(n int) Option {
	return bothSides(func(o *linkOptions) { o.maxBody = min(max(n, 0), 16<<20) })
}

// WithHeartbeat sets the write silence after which a link sends PING, and the read silence after which it
// is cut. Defaults 1 s and 3 s; a negative interval switches both off, for peers that do not answer.
func WithHeartbeat(interval, dead time.Duration) Option {
	return bothSides(func(o *linkOptions) { o.heartbeat, o.dead = interval, dead })
}

// WithTLS sets the certificates of tls+tcp endpoints. Default: none, and the system's roots.
func WithTLS(t *TLSFiles) Option { return bothSides(func(o *linkOptions) { o.tls = t }) }

// WithInsecure lets null+tcp endpoints, which authenticate and encrypt nothing, be reached from other hosts.
// Default: loopback only.
func WithInsecure() Option { return bothSides(func(o *linkOptions) { o.insecure = true }) }

// WithSocketMode sets the mode of ipc sockets that are bound. Default 0600.
func WithSocketMode(mode fs.FileMode) Option {
	return bothSides(func(o *linkOptions) { o.socketMode = mode })
}

// WithPeerUID allows the ipc sockets of other users to be dialled, besides this process's own and root's.
func WithPeerUID(uid ...int) Option {
	return bothSides(func(o *linkOptions) { o.peerUIDs = append(o.peerUIDs[:len(o.peerUIDs):len(o.peerUIDs)], uid...) })
}

// WithConnWrapper puts something around every connection, below TLS and ZMTP: for tests of faults, as with
// servicetest.NewChaos. It is called once for each connection, from any goroutine, and must not block; what it
// returns sees every byte, and is closed in place of its argument. Where it has a method CloseWrite() error,
// half-close uses that. Default: nothing.
func WithConnWrapper(wrap func(net.Conn) net.Conn) Option {
	return bothSides(func(o *linkOptions) { o.wrap = wrap })
}

// WithTimeout sets how long a Call waits for its answer, unless its context ends before. Default 30 s.
func WithTimeout(d time.Duration) TimeOption { return anyTime(func(o *callOptions) { o.timeout = d }) }

// WithDeadline sets how long the work of a Send may take until its response handler is told 504.
// Default 10 min.
func WithDeadline(d time.Duration) TimeOption {
	return anyTime(func(o *callOptions) { o.deadline = d })
}

// WithWait sets how long a call waits for an instance before it is unavailable. Default 2 s.
func WithWait(d time.Duration) ClientSideOption {
	return clientSide(func(o *registerOptions) { o.wait = d })
}

// WithResponses sets what runs when a response arrives: usually a *handler.Mux, where the path is that of
// the request and the METHOD that of the response. What it returns for a Send goes nowhere, and may be nil. Default: nothing.
func WithResponses(h handler.Handler) ClientSideOption {
	return clientSide(func(o *registerOptions) { o.responses = h })
}

// WithMethod sets the METHOD of an Invoke, or of a Call or Send whose request names none.
func WithMethod(method string) CallOption { return oneCall(func(o *callOptions) { o.method = method }) }

// WithIdempotent says that the work may be done twice: a Call whose instance is lost, or answers 500, 502, 503 or
// 504, goes to another one, within its deadline; it runs at least once where it succeeds. It has three further
// attempts at most, each a little later, and all calls of a service together have one for every five calls, and ten to
// begin with, so that they do not bring down what is too slow already. A Send has none. Default: at most once.
func WithIdempotent() CallOption { return oneCall(func(o *callOptions) { o.again = true }) }

// WithArg adds a small named value to a call; the request's own arguments stay as they are.
func WithArg(name, value string) CallOption {
	return oneCall(func(o *callOptions) {
		args := map[string]string{name: value}
		for k, v := range o.args {
			if k != name {
				args[k] = v
			}
		}
		o.args = args
	})
}

// WithConcurrency sets how many handlers run at a time. Default 1,024; fire-and-forget requests take at
// most half.
func WithConcurrency(n int) ServerOption {
	return serverSide(func(o *serverOptions) { o.concurrency = max(n, 1) })
}

// WithBacklog sets how many requests wait for a handler. Default 1,024; 0 refuses at once. Of those whose callers wait
// they are at most four for each handler, or a window if that is more, so that the line stays short; of those that were
// sent at most half.
func WithBacklog(n int) ServerOption {
	return serverSide(func(o *serverOptions) { o.backlog = max(n, 0) })
}

// WithWindow sets how many unanswered requests, and how many bytes of them, are taken from one app.
// Defaults 256 and 16 MiB, at most 2,048 and 32 MiB, so that no queue of a link can overflow. Where many apps share an
// instance they are told less, so that together they have at most twice what it can run and keep waiting, but 16 each at least.
func WithWindow(messages, bytes int) ServerOption {
	return serverSide(func(o *serverOptions) {
		o.window = min(max(messages, 1), transport.DefaultQueueMessages/2)
		o.windowBytes = min(max(bytes, 1), transport.DefaultQueueBytes/2)
	})
}

// WithLargeRequests sets how many bytes of requests over 64 KiB may wait or run at a time, from all apps
// together; what is more is refused at once. Default 64 MiB: sixteen of the largest. Smaller requests are
// bounded by their number alone.
func WithLargeRequests(bytes int) ServerOption {
	return serverSide(func(o *serverOptions) { o.large = int64(max(bytes, 0)) })
}

// WithClient gives an instance a client, which asks the next service when a handler answers with handler.Forward and the
// app cannot do it. Handlers use such a client as they like; for them nothing needs to be said here. Default: none, and
// such a request is answered with 502.
func WithClient(c Caller) ServerOption {
	return serverSide(func(o *serverOptions) { o.relay = c })
}
