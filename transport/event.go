package transport

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// EventType says what happened.
type EventType uint8

// The events, as in zmq_socket_monitor(3) where it has them.
const (
	Listening       EventType = iota + 1 // an endpoint is bound
	Connected                            // both links of a peer are up
	HandshakeFailed                      // a connection was refused, by us or by the other side; Err says why
	Disconnected                         // a peer is gone; Err says why
	Retrying                             // the next dial is after Next
	Waiting                              // a dial has been waiting for a while; Err says for what
	AcceptFailed                         // the system refused to accept a connection; Err says why
)

var eventNames = [...]string{
	Listening: "listening", Connected: "connected", HandshakeFailed: "handshake failed",
	Disconnected: "disconnected", Retrying: "dialling again", Waiting: "still waiting", AcceptFailed: "accept failed",
}

// String names the event as the log does.
func (t EventType) String() string {
	if int(t) >= len(eventNames) || eventNames[t] == "" {
		return fmt.Sprintf("event %d", uint8(t))
	}
	return eventNames[t]
}

// Event is one thing that happened to an endpoint.
type Event struct {
	Type     EventType
	Endpoint string        // for people: ipc paths are absolute
	Peer     string        // who, where known: uid and pid, and the pair's number
	Err      error         // why
	Next     time.Duration // Retrying: the wait
}

const logEvery = 10 * time.Second

// events hands events to the hook, every one, and to the log, where failures are limited to one line
// per endpoint and reason in 10 s, with a count.
type events struct {
	log  *slog.Logger
	hook func(Event)

	mu   sync.Mutex
	last map[logKey]*logged
}

type logKey struct {
	endpoint string
	typ      EventType
	reason   error // one of reasons, so that the map stays small
}

type logged struct {
	at         time.Time
	suppressed int
}

func newEvents(c Config) *events {
	return &events{log: c.Log, hook: c.Hook, last: map[logKey]*logged{}}
}

func (ev *events) emit(e Event) {
	if ev.hook != nil {
		ev.hook(e)
	}
	level := slog.LevelInfo
	switch e.Type {
	case Retrying:
		level = slog.LevelDebug
	case HandshakeFailed, Disconnected, Waiting, AcceptFailed:
		if !errors.Is(e.Err, ErrClosed) && !errors.Is(e.Err, ErrLeft) {
			level = slog.LevelWarn
		}
	}
	if !ev.log.Enabled(context.Background(), level) {
		return
	}
	attrs := []slog.Attr{slog.String("endpoint", e.Endpoint)}
	if e.Peer != "" {
		attrs = append(attrs, slog.String("peer", e.Peer))
	}
	if e.Err != nil {
		attrs = append(attrs, slog.String("cause", e.Err.Error()))
	}
	if e.Type == Retrying {
		attrs = append(attrs, slog.Duration("next", e.Next))
	}
	if level == slog.LevelWarn {
		count, now := ev.allow(e)
		if !now {
			return
		}
		attrs = append(attrs, slog.Int("count", count))
	}
	ev.log.LogAttrs(context.Background(), level, e.Type.String(), attrs...)
}

// allow says whether a failure may be logged now, and how many it stands for.
func (ev *events) allow(e Event) (count int, now bool) {
	key := logKey{e.Endpoint, e.Type, reasonOf(e.Err)}
	ev.mu.Lock()
	defer ev.mu.Unlock()
	l := ev.last[key]
	if l == nil {
		l = &logged{}
		ev.last[key] = l
	} else if time.Since(l.at) < logEvery {
		l.suppressed++
		return 0, false
	}
	count = l.suppressed + 1
	l.at, l.suppressed = time.Now(), 0
	return count, true
}
