package transport

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"
)

type logLine struct {
	Level, Msg, Endpoint, Peer, Cause string
	Count                             int
}

func logLines(t *testing.T, text string) (lines []logLine) {
	for line := range strings.Lines(text) {
		var l logLine
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, l)
	}
	return lines
}

func newTestEvents() (*events, *safeBuffer, *[]Event) {
	buf, hooked := &safeBuffer{}, &[]Event{}
	return newEvents(Config{
		Log:  slog.New(slog.NewJSONHandler(buf, nil)),
		Hook: func(e Event) { *hooked = append(*hooked, e) },
	}), buf, hooked
}

func TestFailuresAreLoggedOnceInAWhile(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, is *is.I) {
		ev, buf, hooked := newTestEvents()
		fail := func(endpoint string, reason error) {
			ev.emit(Event{Type: HandshakeFailed, Endpoint: endpoint, Err: fmt.Errorf("%w: attempt %d", reason, len(*hooked))})
		}
		for range 100 {
			fail("ipc:///a", ErrRefused)
			time.Sleep(99 * time.Millisecond)
		}
		lines := logLines(t, buf.String())
		is.Equal(len(lines), 1) // one line in 10 s
		is.Equal(lines[0], logLine{Level: "WARN", Msg: "handshake failed", Endpoint: "ipc:///a", Cause: "refused: wrong secret: attempt 0", Count: 1})
		is.Equal(len(*hooked), 100) // the hook gets them all

		time.Sleep(100 * time.Millisecond)
		fail("ipc:///a", ErrRefused)
		lines = logLines(t, buf.String())
		is.Equal(len(lines), 2)
		is.Equal(lines[1].Count, 100) // the next stands for those in between, and for itself

		fail("ipc:///b", ErrRefused)  // another endpoint
		fail("ipc:///a", ErrProtocol) // another reason
		ev.emit(Event{Type: Disconnected, Endpoint: "ipc:///a", Err: ErrRefused})
		is.Equal(len(logLines(t, buf.String())), 5) // each has a line of its own
		fail("ipc:///b", ErrRefused)
		fail("ipc:///a", ErrProtocol)
		is.Equal(len(logLines(t, buf.String())), 5) // in 10 s
	})
}

func TestUnknownReasonsShareALine(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	ev, buf, _ := newTestEvents()
	for i := range 1000 {
		ev.emit(Event{Type: AcceptFailed, Endpoint: "ipc:///a", Err: fmt.Errorf("reason %d", i)})
	}
	is.Equal(len(logLines(t, buf.String())), 1) // what others say cannot fill the log
	is.Equal(len(ev.last), 1)                   // nor memory
}

func TestLevels(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		event Event
		level string // "" is not logged by default
	}{
		{Event{Type: Listening}, "INFO"},
		{Event{Type: Connected, Peer: "ab12 uid=1 pid=2"}, "INFO"},
		{Event{Type: HandshakeFailed, Err: ErrRefused}, "WARN"},
		{Event{Type: Disconnected, Err: ErrPeerGone}, "WARN"},
		{Event{Type: Disconnected, Err: ErrClosed}, "INFO"},
		{Event{Type: Disconnected, Err: ErrLeft}, "INFO"},
		{Event{Type: Waiting, Err: errors.New("no such file")}, "WARN"},
		{Event{Type: AcceptFailed, Err: errors.New("too many open files")}, "WARN"},
		{Event{Type: Retrying, Err: ErrPeerGone, Next: time.Second}, ""},
	} {
		t.Run(fmt.Sprint(c.event.Type, " ", c.event.Err), func(t *testing.T) {
			is := is.New(t)
			ev, buf, hooked := newTestEvents()
			c.event.Endpoint = "ipc:///a"
			ev.emit(c.event)
			is.Equal(len(*hooked), 1) // the hook gets every event
			lines := logLines(t, buf.String())
			if c.level == "" {
				is.Equal(len(lines), 0) // the log does not
				return
			}
			is.Equal(lines[0].Level, c.level)
			is.Equal(lines[0].Msg, c.event.Type.String())
			is.Equal(lines[0].Peer, c.event.Peer)
			is.Equal(lines[0].Endpoint, "ipc:///a")
		})
	}
}
